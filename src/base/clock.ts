/** The one source of time. Everything that decides by time is given one; nothing calls `Date.now()` itself. */
export interface Clock {
  /** Milliseconds since the epoch, UTC: what people see. It may jump. */
  now(): number;
  /** Milliseconds of a clock that never jumps and is shared by all processes of this boot: what leases are judged by. */
  monotonic(): number;
  /** Calls `wake` after `delayMs` of this clock; the returned function cancels. Keeps the process alive only if told to. */
  after(delayMs: number, wake: () => void, options?: { readonly keepAlive?: boolean }): () => void;
}

// setTimeout overflows above this and would fire at once; a longer wait simply wakes early and is asked again.
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Number(process.hrtime.bigint() / 1_000_000n),
  after(delayMs, wake, { keepAlive = false } = {}) {
    const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), longestTimerMs));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
