import { setTimeout as delay } from 'node:timers/promises';
import { inLanes } from './statistics.js';

const settleMs = 5000;

/** Starts many runs that sleep, and comes back when all of them do and the worker has come to rest. */
export async function startSleepers(session, runs) {
  let waiting = 0;
  const stop = session.onEvent((_runId, eventType) => {
    if (eventType === 'wait_created') waiting += 1;
  });
  await inLanes(runs, 50, () => session.start('sleeper', []));
  while (waiting < runs) await delay(100);
  stop();
  await delay(settleMs);
}
