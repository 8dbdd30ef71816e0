import { openFlows } from '../flows.js';
import { warmUp } from '../statistics.js';

/** TTFS: from the call that makes an execution to the begin of its first step, one execution at a time. */
export async function measureAlone(world, { warmUpMs, runs = 200 }) {
  const flows = await openFlows(world);
  await warmUp(warmUpMs, () => flows.timeToFirstStep());
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await flows.timeToFirstStep());
  await flows.close();
  return { samples };
}
