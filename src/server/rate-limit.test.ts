import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/index.ts';
import { RateLimit } from './rate-limit.ts';

it('lets a burst through, then as many as come in over time', () => {
  const clock = createFakeClock(0);
  const limit = new RateLimit({ perMinute: 60, clock });
  const taken = (count: number, address = 'a') => Array.from({ length: count }, () => take(limit, address)).filter(Boolean).length;
  expect(taken(100)).toBe(60);
  clock.advance(5_000);
  expect(taken(100)).toBe(5);
  expect(taken(100, 'b')).toBe(60);
  clock.advance(3_600_000);
  expect(taken(100)).toBe(60);
});

it('says how long to wait', () => {
  const limit = new RateLimit({ perMinute: 2, clock: createFakeClock(0) });
  limit.take('a');
  limit.take('a');
  expect(() => limit.take('a')).toThrow(
    expect.objectContaining({ status: 429, code: 'TOO_MANY_REQUESTS', headers: { 'retry-after': '30' } }),
  );
});

it('forgets addresses before it runs out of memory', () => {
  const limit = new RateLimit({ perMinute: 1, clock: createFakeClock(0) });
  limit.take('first');
  for (let i = 0; i < 10_000; i += 1) limit.take(`other-${i}`);
  expect(take(limit, 'first')).toBe(true);
});

function take(limit: RateLimit, address: string): boolean {
  try {
    limit.take(address);
    return true;
  } catch {
    return false;
  }
}
