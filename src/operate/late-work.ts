import type { System } from './system.ts';

/** What is due and has waited for longer is late: too few workers, or none that may take it. The dashboard says so from here on, too. */
export const longestWaitMs = 60_000;

/** How long the oldest has waited of what is due and not taken; 0: nothing is. */
export function oldestWaitMs({ now, queue }: Pick<System, 'now' | 'queue'>): number {
  const waits = queue.flatMap(({ oldestDueAt }) => (oldestDueAt === null ? [] : [Date.parse(now) - Date.parse(oldestDueAt)]));
  return Math.max(0, ...waits);
}
