import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { RecentlyUsed } from './recently-used.ts';

function open({ maxWeight = 100, idleMs = 1_000 } = {}) {
  const clock = createFakeClock();
  return { clock, cache: new RecentlyUsed<string>({ maxWeight, idleMs, clock }) };
}
const kept = (cache: RecentlyUsed<string>) => ['a', 'b', 'c'].filter((key) => cache.peek(key) !== undefined);

test('what was not used for longest makes room', () => {
  const { cache } = open();
  cache.put('a', 'a', 40);
  cache.put('b', 'b', 40);
  expect(cache.use('a')).toBe('a');
  cache.put('c', 'c', 40);
  expect(kept(cache)).toEqual(['a', 'c']);
});

test('what grows makes room when something is used next, and what shrinks gives it back', () => {
  const { cache } = open();
  cache.put('a', 'a', 40);
  cache.put('b', 'b', 40);
  cache.weigh('b', 40);
  expect(kept(cache)).toEqual(['a', 'b']);
  cache.weigh('b', -30);
  cache.use('b');
  expect(kept(cache)).toEqual(['a', 'b']);
  cache.weigh('b', 30);
  cache.use('b');
  expect(kept(cache)).toEqual(['b']);
});

test('what is too heavy is kept for as long as nothing else is used', () => {
  const { cache } = open();
  cache.put('a', 'a', 1_000);
  expect(kept(cache)).toEqual(['a']);
  cache.put('b', 'b', 1);
  expect(kept(cache)).toEqual(['b']);
});

test('what is put in again weighs what it weighs now', () => {
  const { cache } = open();
  cache.put('a', 'old', 90);
  cache.put('a', 'new', 10);
  cache.put('b', 'b', 90);
  expect(cache.peek('a')).toBe('new');
});

test('what was not used for a while is forgotten when anything else is used', () => {
  const { cache, clock } = open();
  cache.put('a', 'a', 1);
  cache.put('b', 'b', 1);
  clock.advance(900);
  cache.use('b');
  clock.advance(200);
  expect(kept(cache)).toEqual(['a', 'b']);
  cache.put('c', 'c', 1);
  expect(kept(cache)).toEqual(['b', 'c']);
});
