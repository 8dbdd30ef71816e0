import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

const exact = { baseMs: 1_000, capMs: 900_000, jitter: 0 };

describe('the delay before the next try', () => {
  it('doubles from the base up to the cap', () => {
    const delays = [1, 2, 3, 4, 10, 11, 12, 48].map((attempt) => backoffMs(exact, attempt));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000, 900_000]);
  });

  it('is the base for a first try, and for a number that makes no sense', () => {
    expect([0, -5, 1].map((attempt) => backoffMs(exact, attempt))).toEqual([1_000, 1_000, 1_000]);
  });

  it('stays finite after any number of tries', () => {
    expect(backoffMs(exact, 1_000_000)).toBe(900_000);
  });

  it('is shortened by chance, by no more than the jitter', () => {
    const jittered = { ...exact, jitter: 0.25 };
    expect(backoffMs(jittered, 1, () => 0)).toBe(750);
    expect(backoffMs(jittered, 1, () => 0.5)).toBe(875);
    expect(backoffMs(jittered, 1, () => 1)).toBe(1_000);
  });
});
