import { openFlows } from '../flows.js';
import { memoryGrowth } from '../held-memory.js';
import { inLanes } from '../statistics.js';

/** Memory after many executions of a step each, as a share of what it was after a tenth of them. */
export async function measureAlone(world, { runs = 10_000 }) {
  const flows = await openFlows(world);
  return await memoryGrowth(runs, (count) => inLanes(count, 50, () => flows.run(1)));
}
