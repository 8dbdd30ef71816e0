import { openFlows } from '../flows.js';
import { warmUp } from '../statistics.js';

/** From the begin of a step to the begin of the next, one execution at a time. */
export async function measureAlone(world, { warmUpMs, runs = 20, steps = 100 }) {
  const flows = await openFlows(world);
  await warmUp(warmUpMs, () => flows.run(steps));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(...(await flows.gaps(steps)));
  await flows.close();
  return { samples };
}
