import { setTimeout as delay } from 'node:timers/promises';
import { openFlows } from '../flows.js';
import { timed, warmUp } from '../statistics.js';

// Somebody answers when the wait has been on the disk for a while.
const settleMs = 100;

/** From the word that an execution waits for to its end. */
export async function measureAlone(world, { warmUpMs, runs = 50 }) {
  const flows = await openFlows(world);
  await warmUp(warmUpMs, () => resumeOnce(flows));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await resumeOnce(flows));
  await flows.close();
  return { samples };
}

async function resumeOnce(flows) {
  const { resume } = await flows.waitForWord();
  await delay(settleMs);
  return await timed(resume);
}
