import { describe, expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

describe('a clock that stands still', () => {
  it('moves both its times together, and only when it is told to', () => {
    const clock = createFakeClock(1_000_000);
    const ticks = clock.monotonic();
    clock.advance(250);
    expect([clock.now(), clock.monotonic() - ticks]).toEqual([1_000_250, 250]);
  });

  it('runs what became due in the order of its time, each at its own instant', () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    clock.after(30, () => seen.push(`late at ${clock.now()}`));
    clock.after(10, () => seen.push(`early at ${clock.now()}`));
    clock.after(31, () => seen.push('too late'));
    clock.advance(30);
    expect(seen).toEqual(['early at 10', 'late at 30']);
  });

  it('runs what a timer itself sets, if that is due as well', () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('does not run what was cancelled', () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    const cancel = clock.after(10, () => seen.push('cancelled'));
    clock.after(5, cancel);
    clock.advance(100);
    expect(seen).toEqual([]);
  });

  it('takes a time that is past for due at once, but not before it is moved', () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    clock.after(-50, () => seen.push('due'));
    expect(seen).toEqual([]);
    clock.advance(0);
    expect(seen).toEqual(['due']);
  });

  it('lets the wall clock jump without making anything due', () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    const ticks = clock.monotonic();
    clock.after(10, () => seen.push('due'));
    clock.jump(3_600_000);
    expect([clock.now(), clock.monotonic(), seen]).toEqual([3_600_000, ticks, []]);
    clock.advance(10);
    expect(seen).toEqual(['due']);
  });
});
