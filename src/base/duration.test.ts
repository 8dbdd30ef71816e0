import { describe, expect, it } from 'vitest';
import { formatDuration, formatRoughly, parseDuration } from './duration.ts';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['250', 250],
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
    ['4w', 2_419_200_000],
    [' 2 h ', 7_200_000],
    ['0.0004s', 0],
  ])('reads %j as %i milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', 'h', '-1s', '1y', '1 h 30 m', '1e3', '.5s', '1,5h', 'never', 'Infinity', '0x10'])('does not read %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
  ])('is spelled as short as it can be exactly: %i is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    [-5, '0s'],
    [119_400, '119s'],
    [120_000, '2m'],
    [7_199_000, '120m'],
    [7_200_000, '2h'],
    [100_000_000, '28h'],
    [172_800_000, '2d'],
  ])('is said roughly: %i is %s', (ms, text) => {
    expect(formatRoughly(ms)).toBe(text);
  });
});
