import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileKeys, pathProblem, readPath, writePath } from './safe-path.ts';

describe('reading a path', () => {
  it.each([
    ['a', 1],
    ['list.1', 'y'],
    ['list.0.deep', true],
    ['list.length', 2],
    ['nothing', null],
  ])('%s', (path, value) => {
    const root = { a: 1, list: [{ deep: true }, 'y'], nothing: null };
    expect(readPath(root, path)).toEqual({ found: true, value });
  });

  it.each(['b', 'a.b', 'list.2', 'list.-1', 'list.push', 'nothing.x', 'toString', '__proto__', 'constructor.name', 'text.0'])(
    'finds nothing at %s',
    (path) => {
      expect(readPath({ a: 1, list: [1], nothing: null, text: 'abc' }, path)).toEqual({ found: false });
    },
  );
});

describe('writing a path', () => {
  it('shares everything beside it', () => {
    const root = { keep: { deep: 1 }, change: { a: 1, b: {} } };
    const next = writePath(root, ['change', 'a'], 2) as typeof root;
    expect(next).toEqual({ keep: { deep: 1 }, change: { a: 2, b: {} } });
    expect(next.keep).toBe(root.keep);
    expect(next.change.b).toBe(root.change.b);
    expect(root.change.a).toBe(1);
  });

  it('makes what is missing, and extends an array by its next index', () => {
    expect(writePath({}, ['a', 'b', 'c'], 1)).toEqual({ a: { b: { c: 1 } } });
    expect(writePath({ l: [1] }, ['l', '1'], 2)).toEqual({ l: [1, 2] });
  });

  it('says what is in the way', () => {
    expect(() => writePath({ a: 'text' }, ['a', 'b'], 1)).toThrow('"b" cannot be set on a string');
    expect(() => writePath({ l: [1] }, ['l', '5'], 1)).toThrow('"5" is not an index');
    expect(() => writePath({ a: null }, ['a', 'b'], 1)).toThrow('null');
  });

  it('never reaches a prototype, whatever the path', () => {
    const segment = fc.oneof(fc.constantFrom(...hostileKeys, 'a', '0', 'toString'), fc.string());
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (path) => {
        const before = Object.getOwnPropertyNames(Object.prototype).length;
        try {
          writePath({ a: { a: [] } }, path, 'written');
        } catch {
          expect(pathProblem(path.join('.')) !== undefined || path.includes('a')).toBe(true);
        }
        expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
        expect(({} as Record<string, unknown>).a).toBeUndefined();
      }),
    );
  });
});

describe('checking a path', () => {
  it.each(['', '.', 'a.', '.a', 'a..b', '__proto__', 'a.constructor', 'a.prototype.b', 'x'.repeat(2_000)])('refuses %j', (path) => {
    expect(pathProblem(path)).toBeDefined();
  });
  it.each(['a', 'a.b.0', 'with space', 'ünïcode', 'a-b_c'])('takes %j', (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });
});
