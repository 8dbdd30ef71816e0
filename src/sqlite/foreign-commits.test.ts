import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Connection } from './connection.ts';
import { ForeignCommits } from './foreign-commits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('asks the database once for all who listen, and no more when nobody does', () => {
  let version = 1;
  const get = vi.fn(() => ({ data_version: version }));
  const commits = new ForeignCommits(() => ({ get }) as unknown as Connection);
  const [one, other] = [vi.fn(), vi.fn()];
  const stops = [commits.listen(one), commits.listen(other)];
  vi.advanceTimersByTime(1_000);
  const asked = get.mock.calls.length;
  expect(asked).toBeLessThanOrEqual(40);
  expect(one).not.toHaveBeenCalled();

  version += 1;
  vi.advanceTimersByTime(100);
  expect([one, other].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);

  stops[0]?.();
  version += 1;
  vi.advanceTimersByTime(100);
  expect([one, other].map(({ mock }) => mock.calls.length)).toEqual([1, 2]);

  stops[1]?.();
  const last = get.mock.calls.length;
  vi.advanceTimersByTime(1_000);
  expect(get.mock.calls.length).toBe(last);
});
