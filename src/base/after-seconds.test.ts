import { expect, it } from 'vitest';
import { afterSeconds } from './after-seconds.ts';

it.each([
  [0, 0],
  [3, 3_000],
  [1.1, 1_100],
  [1.2345, 1_235],
  [0.000_1, 1],
  [31_536_000, 31_536_000_000],
  [-5, 0],
])('counts %d seconds in whole milliseconds, and never less', (seconds, ms) => {
  expect(afterSeconds(1_000_000, seconds)).toBe(1_000_000 + ms);
});

it('ends where instants do', () => {
  expect(new Date(afterSeconds(Date.now(), Infinity)).getTime()).toBe(8.64e15);
});
