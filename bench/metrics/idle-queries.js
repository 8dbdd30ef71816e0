import { setTimeout as delay } from 'node:timers/promises';
import { startSleepers } from '../sleepers.js';

/** How often a worker asks the database while many runs sleep and nobody comes. */
export async function measure(session, { runs = 10_000, idleMs = 20_000, traffic }) {
  await startSleepers(session, runs);
  const before = { statements: traffic.statements, cpu: process.cpuUsage() };
  await delay(idleMs);
  const { user, system } = process.cpuUsage(before.cpu);
  const details = { runs, share: ((user + system) / 1000 / idleMs) * 100 };
  return { samples: [(traffic.statements - before.statements) / (idleMs / 1000)], details };
}
