import type { Operator } from './operator.ts';

// Hints come at once; this is for those that are lost, and for time itself, which tells nobody.
const atLeastEveryMs = 2_000;
const atMostEveryMs = 200;
// Looking must not be what a busy process is busy with: a look that takes long is followed by a pause that is longer.
const pausePerWork = 5;
// One look that was slow must not silence a live list for minutes.
const longestPauseMs = 30_000;

export interface LookOptions {
  /** How long the last look itself took; undefined, or without this: unknown. */
  readonly lookMs?: () => number | undefined;
}

/**
 * Yields at once, and then whenever something may have changed in the database, a few times a second at most: for whoever looks then.
 * Ends when the signal is aborted, or the World closes.
 */
export async function* looks(operator: Operator, signal: AbortSignal, { lookMs }: LookOptions = {}): AsyncGenerator<void, void, void> {
  const { clock } = operator;
  const store = await operator.store();
  let hinted = false;
  let wake = () => {};
  const hint = () => {
    hinted = true;
    wake();
  };
  const stops = [store.onCommit(hint), store.onForeignCommit(hint)];
  signal.addEventListener('abort', hint);
  try {
    while (!signal.aborted) {
      hinted = false;
      const begunAt = clock.monotonic();
      yield;
      const pauseMs = Math.max(atMostEveryMs, pauseAfter(lookMs?.(), clock.monotonic() - begunAt));
      await new Promise<void>((resolve) => {
        const goOn = () => {
          cancel();
          signal.removeEventListener('abort', goOn);
          resolve();
        };
        const cancel = clock.after(pauseMs, goOn, { keepAlive: true });
        signal.addEventListener('abort', goOn);
      });
      if (hinted || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(atLeastEveryMs, resolve, { keepAlive: true });
        wake = () => {
          cancel();
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener('abort', hint);
    for (const stop of stops) stop();
  }
}

/** Where it is unknown how long the look took, that is also the time in which a reader, maybe a slow one, takes what he is told. */
function pauseAfter(lookMs: number | undefined, sinceMs: number): number {
  return lookMs === undefined ? Math.min(atLeastEveryMs, pausePerWork * sinceMs) : Math.min(longestPauseMs, pausePerWork * lookMs);
}
