import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** Moves both clocks forward and runs what became due, in order. */
  advance(ms: number): void;
  /** Moves only the wall clock, as an operator or NTP would. */
  jump(ms: number): void;
}

/** A clock that stands still until it is told otherwise, so that a test can skip a month. */
export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let wall = start;
  let ticks = 1_000;
  const timers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => wall,
    monotonic: () => ticks,
    after(delayMs, wake) {
      const timer = { at: ticks + Math.max(0, delayMs), wake };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    jump(ms) {
      wall += ms;
    },
    advance(ms) {
      const end = ticks + ms;
      for (;;) {
        const [next] = [...timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        wall += next.at - ticks;
        ticks = next.at;
        next.wake();
      }
      wall += end - ticks;
      ticks = end;
    },
  };
}
