import type { System } from '../api/types.ts';

/** As long as `pawl doctor` waits. */
export const longestWaitMs = 60_000;

export interface LateWork {
  /** `not taken`: workers are alive, and too few of them, or none, may take it. */
  readonly why: 'no worker' | 'not taken';
  readonly ready: number;
  readonly oldestWaitMs: number;
}

/** Work that no worker takes; undefined: there is none. */
export function lateWork({ now, queue, workers }: Pick<System, 'now' | 'queue' | 'workers'>): LateWork | undefined {
  const ready = queue.reduce((sum, depth) => sum + depth.ready, 0);
  const waits = queue.flatMap(({ oldestDueAt }) => (oldestDueAt === null ? [] : [Date.parse(now) - Date.parse(oldestDueAt)]));
  const oldestWaitMs = Math.max(0, ...waits);
  if (ready > 0 && !workers.some(({ live }) => live)) return { why: 'no worker', ready, oldestWaitMs };
  return oldestWaitMs > longestWaitMs ? { why: 'not taken', ready, oldestWaitMs } : undefined;
}
