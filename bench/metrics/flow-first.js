import { openFlows } from '../flows.js';

/** TTFS: from the call that makes an execution to the begin of its first step, one execution at a time. */
export async function measureAlone(world, { runs = 200 }) {
  const flows = await openFlows(world);
  for (let warmUp = 0; warmUp < 50; warmUp++) await flows.timeToFirstStep();
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await flows.timeToFirstStep());
  await flows.close();
  return { samples };
}
