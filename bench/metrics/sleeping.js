import { measureIdle } from '../idle.js';
import { startSleepers } from '../sleepers.js';

/** What a worker costs that has nothing to do: many runs sleep, and nobody comes. */
export async function measure(session, { runs = 10_000, idleMs = 20_000 }) {
  await startSleepers(session, runs);
  const { share, grownMiB } = await measureIdle(idleMs);
  return { samples: [share], details: { runs, grownMiB } };
}
