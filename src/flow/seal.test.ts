import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSealed, measureSealed, seal } from './seal.ts';

const what = 'value';

describe('sealing', () => {
  it('keeps any JSON value as it is', () => {
    const hostile = /__proto__|constructor|prototype/;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!hostile.test(JSON.stringify(value)));
        expect(JSON.stringify(seal(value, { what }))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('copies, and freezes the copy all the way down', () => {
    const value = { list: [{ a: 1 }] };
    const sealed = seal(value, { what });
    expect(sealed).not.toBe(value);
    expect(Object.isFrozen(sealed.list[0])).toBe(true);
    value.list.push({ a: 2 });
    expect(sealed).toEqual({ list: [{ a: 1 }] });
  });

  it('takes what was sealed before as it is', () => {
    const inner = seal({ a: [1] }, { what });
    const outer = seal({ inner, other: 1 }, { what });
    expect(outer.inner).toBe(inner);
    expect(seal(outer, { what })).toBe(outer);
    expect(isSealed(inner)).toBe(true);
  });

  it('writes what has toJSON as JSON would, and leaves out undefined', () => {
    const value = { at: new Date(0), url: new URL('https://example.com/'), gone: undefined, list: [undefined, 1] };
    expect(seal(value as unknown, { what })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      url: 'https://example.com/',
      list: [null, 1],
    });
  });

  const circular: Record<string, unknown> = {};
  circular.a = [circular];
  it.each<[string, unknown]>([
    ['a function', { f: () => 1 }],
    ['a symbol', [Symbol('s')]],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['a cycle', circular],
    ['a Map', new Map()],
    ['an Error', { e: new Error('e') }],
    ['bytes', new Uint8Array(1)],
    ['a hostile key', JSON.parse('{"a":{"__proto__":1}}')],
  ])('refuses %s and says where', (_name, value) => {
    expect(() => seal(value, { what })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', retryable: false }));
  });

  const doubled = (times: number) => {
    let value: unknown = 'x';
    for (let n = 0; n < times; n += 1) value = [value, value];
    return value;
  };

  it('copies a value that is met twice once, and measures it twice', () => {
    const sealed = seal(doubled(20), { what }) as readonly unknown[];
    expect(sealed[0]).toBe(sealed[1]);
    expect(measureSealed(sealed)).toMatchObject({ depth: 20 });
    expect(measureSealed(sealed).bytes).toBeGreaterThan(2 ** 20);
  });

  it('refuses a small graph that would be larger as JSON than any text', () => {
    expect(() => seal(doubled(60), { what })).toThrow(expect.objectContaining({ code: 'CONTEXT_LIMIT' }));
  });

  it('counts the levels of a value that is met twice where it is met', () => {
    const rungs: object[] = [];
    for (let n = 0; n < 10; n += 1) rungs.push(n === 0 ? {} : { below: rungs[n - 1] });
    expect(() => seal(rungs, { what, maxDepth: 10 })).toThrow(expect.objectContaining({ code: 'CONTEXT_LIMIT' }));
    expect(measureSealed(seal(rungs, { what, maxDepth: 11 })).depth).toBe(11);
    const at = new Date(0);
    expect(seal([at, [at]], { what })).toEqual(['1970-01-01T00:00:00.000Z', ['1970-01-01T00:00:00.000Z']]);
  });

  it('measures what it would be as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: fc.constantFrom('a', 'é', '漢') }), (value) => {
        const { bytes } = measureSealed(seal(value, { what }));
        const actual = Buffer.byteLength(JSON.stringify(value));
        expect(bytes).toBeGreaterThanOrEqual(actual);
        expect(bytes - actual).toBeLessThanOrEqual(1 + JSON.stringify(value).length);
      }),
    );
  });

  it('limits the depth without running out of stack', () => {
    let deep: unknown = 1;
    for (let n = 0; n < 100_000; n += 1) deep = { deep };
    expect(() => seal(deep, { what, maxDepth: 32 })).toThrow(expect.objectContaining({ code: 'CONTEXT_LIMIT' }));
    expect(() => seal(deep, { what })).toThrow(expect.objectContaining({ code: 'CONTEXT_LIMIT' }));
    const sealed = seal([[[1]]], { what });
    expect(() => seal({ sealed }, { what, maxDepth: 3 })).toThrow(expect.objectContaining({ code: 'CONTEXT_LIMIT' }));
  });
});
