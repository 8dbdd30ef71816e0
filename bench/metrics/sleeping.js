import { setTimeout as delay } from 'node:timers/promises';
import { inLanes } from '../statistics.js';

/** What a worker costs that has nothing to do: many runs sleep, and nobody comes. */
export async function measure(session, { runs = 10_000, idleMs = 20_000 }) {
  let waiting = 0;
  session.onEvent((_runId, eventType) => {
    if (eventType === 'wait_created') waiting += 1;
  });
  await inLanes(runs, 50, () => session.start('sleeper', []));
  while (waiting < runs) await delay(100);
  await delay(5000);

  globalThis.gc?.();
  const before = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed };
  await delay(idleMs);
  const { user, system } = process.cpuUsage(before.cpu);
  globalThis.gc?.();
  const grownBytes = process.memoryUsage().heapUsed - before.heap;
  return { samples: [((user + system) / 1000 / idleMs) * 100], details: { runs, grownMiB: grownBytes / 2 ** 20 } };
}
