import { setTimeout as delay } from 'node:timers/promises';
import { startSleepers } from '../sleepers.js';

/** How often a worker asks the database while many runs sleep and nobody comes. */
export async function measure(session, { runs = 10_000, idleMs = 20_000, traffic }) {
  await startSleepers(session, runs);
  const before = traffic.statements;
  await delay(idleMs);
  return { samples: [(traffic.statements - before) / (idleMs / 1000)] };
}
