import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeScale } from './time-scale.ts';

const day = 86_400_000;

describe('the time scale of a run', () => {
  it('is even when the run was at work most of the time', () => {
    const scale = createTimeScale({ from: 1_000, to: 2_000 }, [{ from: 1_000, to: 1_900 }]);
    expect(scale.breaks).toEqual([]);
    expect([1_000, 1_250, 2_000].map(scale.place)).toEqual([0, 0.25, 1]);
  });

  it('gives a month of sleep less room than the second of work around it', () => {
    const end = 30 * day + 1_000;
    const scale = createTimeScale({ from: 0, to: end }, [
      { from: 0, to: 500 },
      { from: end - 500, to: end },
    ]);
    expect(scale.breaks).toHaveLength(1);
    expect(scale.place(500)).toBeCloseTo(0.47, 5);
    expect(scale.place(end - 500)).toBeCloseTo(0.53, 5);
    expect(scale.place(end)).toBeCloseTo(1, 5);
  });

  it('draws no line of the axis inside of a break', () => {
    const scale = createTimeScale({ from: 0, to: 10 * day }, [
      { from: 0, to: 1_000 },
      { from: 10 * day - 1_000, to: 10 * day },
    ]);
    expect(scale.ticks.length).toBeGreaterThan(2);
    expect(scale.ticks.length).toBeLessThan(12);
    for (const { instantMs } of scale.ticks) expect(instantMs <= 1_000 || instantMs >= 10 * day - 1_000).toBe(true);
  });

  it('has a place for every instant, in their order, whatever the run did', () => {
    const span = fc.tuple(fc.nat(100_000), fc.nat(1_000)).map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(span), fc.integer({ min: 0, max: 200_000 }), (busy, length) => {
        const scale = createTimeScale({ from: 0, to: length }, busy);
        const places = Array.from({ length: 21 }, (_, at) => scale.place((length * at) / 20));
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
        expect(places.toSorted((a, b) => a - b)).toEqual(places);
      }),
    );
  });
});
