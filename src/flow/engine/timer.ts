import type { Clock } from '../../base/clock.ts';

/** Calls `wake` once `ms` have passed, however long that is: the clock's own timers may end early. Returns a cancel. */
export function startTimer(clock: Clock, ms: number, wake: () => void): () => void {
  const end = clock.monotonic() + ms;
  let cancel = clock.after(ms, check);
  function check(): void {
    const left = end - clock.monotonic();
    if (left > 0) cancel = clock.after(left, check);
    else wake();
  }
  return () => cancel();
}

/**
 * Resolves at an instant of the wall clock, or as soon as one of the signals aborts. Not with `AbortSignal.any`: in Node 20 a signal that
 * lives long keeps all that it was ever joined with.
 */
export function waitUntil(clock: Clock, at: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some(({ aborted }) => aborted)) return resolve();
    let cancel = () => {};
    const done = () => {
      cancel();
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    const arm = () => {
      const left = at - clock.now();
      if (left <= 0) return done();
      cancel = startTimer(clock, left, arm);
    };
    for (const signal of signals) signal.addEventListener('abort', done);
    arm();
  });
}

/** Keeps the process alive while `work` is awaited: the clock's timers do not, and a caller waits for the answer. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const handle = setInterval(() => undefined, 2 ** 30);
  try {
    return await work;
  } finally {
    clearInterval(handle);
  }
}
