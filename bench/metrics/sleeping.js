import { setTimeout as delay } from 'node:timers/promises';
import { startSleepers } from '../sleepers.js';

const memoryReturnMs = 25_000;

/** What a worker costs that has nothing to do: many runs sleep, and nobody comes. */
export async function measure(session, { runs = 10_000, idleMs = 20_000 }) {
  await startSleepers(session, runs);

  globalThis.gc?.();
  // V8 gives memory back to the system some seconds after a collection, once; what is asked for is what goes on.
  await delay(memoryReturnMs);
  const before = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed };
  await delay(idleMs);
  const { user, system } = process.cpuUsage(before.cpu);
  globalThis.gc?.();
  const grownBytes = process.memoryUsage().heapUsed - before.heap;
  return { samples: [((user + system) / 1000 / idleMs) * 100], details: { runs, grownMiB: grownBytes / 2 ** 20 } };
}
