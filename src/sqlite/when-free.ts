import type { Clock } from '../base/clock.ts';
import { isBusy, toWorldError } from './errors.ts';

export interface Waiting {
  readonly path: string;
  readonly clock: Clock;
  readonly patienceMs: number;
}

/** For a commit: a writer that takes longer is stuck. */
export const commitPatienceMs = 30_000;
/** For whoever opens a file that another process migrates: it copies the whole file first, and a large one takes minutes. */
export const openPatienceMs = 10 * 60_000;

/**
 * Does what needs a lock of the file, once others let go of it. This process works on meanwhile: SQLite's own busy handler would sleep on
 * the event loop. Throws a 503 where patience is at its end.
 */
export async function whenFree<T>(act: () => T, { path, clock, patienceMs }: Waiting): Promise<T> {
  const deadline = clock.monotonic() + patienceMs;
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error) || clock.monotonic() > deadline) throw toWorldError(error, path);
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 3));
    }
  }
}
