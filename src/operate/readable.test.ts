import { anything, assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tagged, toReadable } from './readable.ts';

describe('a readable value', () => {
  it.each([
    ['a date', new Date(0), 'Date(1970-01-01T00:00:00.000Z)'],
    ['no date', new Date(Number.NaN), 'Date(invalid)'],
    ['a map of names', new Map([['a', 1]]), { 'Map(1)': { a: 1 } }],
    ['a map of anything', new Map([[1, { b: 2 }]]), { 'Map(1)': [[1, { b: 2 }]] }],
    ['a set', new Set([1, 'x']), { 'Set(2)': [1, 'x'] }],
    ['a bigint', 12n, '12n'],
    ['nothing', undefined, 'undefined'],
    ['not a number', Number.NaN, 'NaN'],
    ['bytes', new Uint8Array(3), 'Uint8Array(3 bytes)'],
    ['a pattern', /a+/g, 'RegExp(/a+/g)'],
    ['an address', new URL('https://x.example/'), 'URL(https://x.example/)'],
    ['something of the SDK', new Tagged('StepFunction', 'charge'), 'StepFunction(charge)'],
    ['an instance', new Tagged('class//Order', { id: 1 }), { 'class//Order': { id: 1 } }],
  ])('shows %s as a person would write it', (_, value, json) => {
    expect(toReadable(value)).toEqual({ json, truncated: false });
  });

  it('shows an error with its stack, and what repeats itself as that', () => {
    const error = Object.assign(new TypeError('no'), { stack: 'TypeError: no\n    at here' });
    expect(toReadable(error).json).toEqual({ name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at here' });
    const ring: { self?: unknown } = {};
    ring.self = [ring];
    expect(toReadable(ring)).toEqual({ json: { self: ['[Circular]'] }, truncated: false });
    const twice = { a: 1 };
    expect(toReadable([twice, twice]).json).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('is cut where it is too large or too deep, and says so', () => {
    const long = toReadable({ text: 'x'.repeat(300_000), rest: 1 });
    expect(long.truncated).toBe(true);
    expect(JSON.stringify(long.json).length).toBeLessThan(210_000);
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i += 1) deep = [deep];
    expect(toReadable(deep).truncated).toBe(true);
    const many = toReadable(Array.from({ length: 100_000 }, (_, index) => index));
    expect((many.json as unknown[]).at(-1)).toMatch(/^… \d+ more$/);
  });

  it('is JSON, whatever it was, and nobody else than its reader has it', () => {
    assert(
      property(
        anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withObjectString: true,
        }),
        (value) => {
          const { json } = toReadable(value);
          expect(JSON.parse(JSON.stringify(json ?? null))).toEqual(JSON.parse(JSON.stringify(json ?? null)));
          if (typeof value === 'object' && value !== null) expect(json).not.toBe(value);
        },
      ),
    );
  });
});
