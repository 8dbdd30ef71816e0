import { expect, test } from 'vitest';
import { FreshWakes } from './fresh-wakes.ts';

test('a wake that was just written makes the next message superfluous, and only that one', () => {
  const wakes = new FreshWakes(() => 0);
  wakes.note('a');
  expect([wakes.consume('a'), wakes.consume('a'), wakes.consume('b')]).toEqual([true, false, false]);
});

test('a wake that is a second old is not fresh any more', () => {
  let now = 0;
  const wakes = new FreshWakes(() => now);
  wakes.note('a');
  now = 1_000;
  expect(wakes.consume('a')).toBe(false);
});
