import type { Operator } from './operator.ts';

// Hints come at once; this is for those that are lost, and for time itself, which tells nobody.
const atLeastEveryMs = 2_000;
const atMostEveryMs = 200;
// Looking must not be what a busy process is busy with: a look that takes long is followed by a pause that is longer. Not by any longer than
// the above, for the time of a look is also that in which a reader takes what he is told, and he may be slow.
const pausePerWork = 5;

/**
 * Yields at once, and then whenever something may have changed in the database, a few times a second at most: for whoever looks then.
 * Ends when the signal is aborted, or the World closes.
 */
export async function* looks(operator: Operator, signal: AbortSignal): AsyncGenerator<void, void, void> {
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
      const pauseMs = Math.min(atLeastEveryMs, Math.max(atMostEveryMs, pausePerWork * (clock.monotonic() - begunAt)));
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
