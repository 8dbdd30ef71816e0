import { openFlows } from '../flows.js';
import { timed, warmUp } from '../statistics.js';

/** A number of steps all at once, in one execution. */
export async function measureAlone(world, { warmUpMs, steps, runs = 5 }) {
  const flows = await openFlows(world);
  await warmUp(warmUpMs, () => flows.fanOut(5));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => flows.fanOut(steps)));
  await flows.close();
  return { samples };
}
