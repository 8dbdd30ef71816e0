import { openFlows } from '../flows.js';
import { timed } from '../statistics.js';

/** One execution of many steps, as a whole. */
export async function measureAlone(world, { runs = 3, steps = 1_000 }) {
  const flows = await openFlows(world);
  await flows.run(steps);
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => flows.run(steps)));
  await flows.close();
  return { samples };
}
