import { openFlows } from '../flows.js';
import { profile } from '../profile/profile.js';
import { inLanes } from '../statistics.js';

/** Executions of 10 steps under the profiler, 50 at once. */
export async function measureAlone(world, { runs }) {
  const flows = await openFlows(world);
  const work = () => inLanes(runs, 50, () => flows.run(10));
  await work();
  const result = await profile(work);
  await flows.close();
  return result;
}
