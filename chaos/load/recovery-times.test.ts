import { expect, test } from 'vitest';
import { measurableMs, recoveryTimes } from './recovery-times.ts';

/** Bodies that begin evenly between the instants of each stretch. */
const bodies = (...stretches: readonly (readonly [from: number, to: number, perSecond: number])[]) =>
  stretches.flatMap(([from, to, perSecond]) =>
    Array.from({ length: ((to - from) / 1_000) * perSecond }, (_, i) => from + (i * 1_000) / perSecond),
  );

const stop = (began: number, over = began) => ({ what: 'a stop', began, over });

test('a throughput that comes back is back where the two seconds begin', () => {
  const starts = bodies([0, 30_000, 20], [33_000, 60_000, 20]);
  const [after] = recoveryTimes(starts, [stop(30_000)]);
  expect(after?.from).toBe('a stop');
  expect(after?.ms).toBeGreaterThan(2_500);
  expect(after?.ms).toBeLessThanOrEqual(3_000);
});

test('one that does not come back is not back as long as anybody looked', () => {
  const starts = bodies([0, 30_000, 20], [30_000, 60_000, 10]);
  expect(recoveryTimes(starts, [stop(30_000)])[0]?.ms).toBeGreaterThanOrEqual(15_000);
});

test('what is disturbed again too soon tells nothing, neither of itself nor of what is usual', () => {
  const starts = bodies([0, 30_000, 20], [30_000, 60_000, 1], [60_000, 90_000, 20]);
  const often = Array.from({ length: 11 }, (_, index) => stop(30_000 + index * 3_000));
  expect(recoveryTimes(starts, often)).toHaveLength(1);
  expect(recoveryTimes(starts, often)[0]?.ms).toBeLessThanOrEqual(100);
  expect(measurableMs).toBeGreaterThan(3_000);
});

test('what goes on for long is neither calm after the one before nor usual', () => {
  const starts = bodies([0, 30_000, 20], [34_000, 36_000, 20], [96_000, 130_000, 20]);
  const recoveries = recoveryTimes(starts, [stop(30_000, 34_000), stop(36_000, 96_000)]);
  expect(recoveries).toHaveLength(1);
  expect(recoveries[0]?.ms).toBeLessThanOrEqual(100);
  const slower = bodies([0, 60_000, 20], [120_000, 150_000, 10]);
  expect(recoveryTimes(slower, [stop(60_000, 120_000)])[0]?.ms).toBeGreaterThanOrEqual(15_000);
});
