import { describe, expect, it } from 'vitest';
import { formatAgo, formatAxis, formatBytes, formatDuration, plural, shortenId } from './format.ts';

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [340, '340 ms'],
    [1_200, '1.2 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_400, '59 s'],
    [59_700, '1 m'],
    [245_000, '4 m 05 s'],
    [3_599_900, '1 h'],
    [7_980_000, '2 h 13 m'],
    [86_399_999, '1 d'],
    [273_600_000, '3 d 4 h'],
    [-1_500, '-1.5 s'],
  ])('of %i ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('an instant', () => {
  it.each([
    [0, 'just now'],
    [-1_500, 'just now'],
    [12_000, '12 s ago'],
    [59_600, '1 min ago'],
    [5_400_000, '2 h ago'],
    [86_400_000 * 3, '3 d ago'],
    [-300_000, 'in 5 min'],
  ])('%i ms before now reads %s', (distance, text) => {
    expect(formatAgo(1_000_000_000 - distance, 1_000_000_000)).toBe(text);
  });
});

it('shortens an id by its middle, and only a long one', () => {
  expect(shortenId('order-17')).toBe('order-17');
  expect(shortenId('wrun_01KAMV3Z7Y8B6QK2T9D4XHJ5PN')).toBe('wrun_01KA…4XHJ5PN');
});

it('counts one thing as one', () => {
  expect([plural(1, 'run'), plural(0, 'run'), plural(1_204, 'run'), plural(2, 'retry', 'retries')]).toEqual([
    '1 run',
    '0 runs',
    '1,204 runs',
    '2 retries',
  ]);
});

it('tells a size in the unit it fits', () => {
  expect([formatBytes(840), formatBytes(12_500), formatBytes(3_200_000)]).toEqual(['840 B', '12.5 KB', '3.2 MB']);
});

describe('an instant on the axis of a chart', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
  const week = 7 * 86_400_000;

  it('reads as the time of the day', () => {
    expect(formatAxis(at(22, 5), 3_600_000)).toBe('05:00');
    expect(formatAxis(at(22, 0), 86_400_000)).toBe('00:00');
  });

  it('reads as the day where the axis is several days long and the day begins', () => {
    expect(formatAxis(at(22, 0), week)).toBe('22 Nov');
    expect(formatAxis(at(22, 12), week)).toBe('12:00');
  });
});
