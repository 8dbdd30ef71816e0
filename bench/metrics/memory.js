import { setTimeout as delay } from 'node:timers/promises';
import { inLanes } from '../statistics.js';

/** Memory after many runs, as a share of what it was after a tenth of them. */
export async function measure(session, { runs = 10_000 }) {
  await inLanes(runs / 10, 20, () => session.run('sequence', [1]));
  const early = await memory();
  await inLanes(runs - runs / 10, 20, () => session.run('sequence', [1]));
  const late = await memory();
  return { samples: [late.heapMiB / early.heapMiB], details: { runs, early, late } };
}

async function memory() {
  await delay(1000);
  for (let round = 0; round < 3; round++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const mib = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;
  return { heapMiB: mib(heapUsed + external), rssMiB: mib(rss) };
}
