import { openFlows } from '../flows.js';
import { median } from '../statistics.js';

const around = 50;

/** What the last steps of a long execution cost, as a multiple of what the first ones do. */
export async function measureAlone(world, { runs = 3, steps = 1_000 }) {
  const flows = await openFlows(world);
  await flows.run(steps);
  const samples = [];
  for (let run = 0; run < runs; run++) {
    const gaps = await flows.gaps(steps);
    samples.push(median(gaps.slice(-around)) / median(gaps.slice(0, around)));
  }
  await flows.close();
  return { samples };
}
