import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const month = 30 * 86_400_000;

it('wakes after the delay and once', () => {
  const wake = vi.fn<() => void>();
  systemClock.after(50, wake);
  vi.advanceTimersByTime(49);
  expect(wake).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(wake).toHaveBeenCalledOnce();
});

it('wakes early rather than at once where the delay is longer than a timer can be', () => {
  const wake = vi.fn<() => void>();
  systemClock.after(2 * month, wake);
  vi.advanceTimersByTime(24 * 86_400_000);
  expect(wake).not.toHaveBeenCalled();
  vi.advanceTimersByTime(month);
  expect(wake).toHaveBeenCalledOnce();
});

it('does not wake what was cancelled', () => {
  const wake = vi.fn<() => void>();
  systemClock.after(50, wake)();
  vi.advanceTimersByTime(100);
  expect(wake).not.toHaveBeenCalled();
});

it('goes forward by a clock that is not the wall clock', () => {
  vi.useRealTimers();
  const before = systemClock.monotonic();
  expect(Number.isInteger(before)).toBe(true);
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
});
