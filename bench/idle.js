import { setTimeout as delay } from 'node:timers/promises';

const memoryReturnMs = 25_000;

/** What a process costs that has nothing to do: its share of a core, in percent, and by how much its heap grows. */
export async function measureIdle(idleMs) {
  globalThis.gc?.();
  // V8 gives memory back to the system some seconds after a collection, once; what is asked for is what goes on.
  await delay(memoryReturnMs);
  const before = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed };
  await delay(idleMs);
  const { user, system } = process.cpuUsage(before.cpu);
  globalThis.gc?.();
  const grownBytes = process.memoryUsage().heapUsed - before.heap;
  return { share: ((user + system) / 1000 / idleMs) * 100, grownMiB: grownBytes / 2 ** 20 };
}
