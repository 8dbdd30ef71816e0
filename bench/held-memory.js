import { setTimeout as delay } from 'node:timers/promises';

/** What the process holds after a collection, in MiB. */
export async function heldMemory() {
  await delay(1000);
  for (let round = 0; round < 3; round++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const mib = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;
  return { heapMiB: mib(heapUsed + external), rssMiB: mib(rss) };
}

/** What it holds after many runs, as a multiple of what it held after a tenth of them. */
export async function memoryGrowth(runs, runMany) {
  await runMany(runs / 10);
  const early = await heldMemory();
  await runMany(runs - runs / 10);
  const late = await heldMemory();
  return { samples: [late.heapMiB / early.heapMiB], details: { runs, early, late } };
}
