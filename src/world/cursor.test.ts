import { array, assert, nat, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

const shape = ['number', 'string'] as const;

describe('a cursor', () => {
  it('gives back the key of the row it was made of', () => {
    assert(
      property(nat(), string({ unit: 'grapheme' }), (at, id) => {
        expect(decodeCursor('runs', encodeCursor('runs', [at, id]), shape)).toEqual([at, id]);
      }),
    );
  });

  it('is text that may stand in a URL', () => {
    assert(property(array(oneof(nat(), string())), (key) => /^[\w-]*$/.test(encodeCursor('runs', key))));
  });

  it.each([undefined, null, ''])('is the beginning where it is %j', (cursor) => {
    expect(decodeCursor('runs', cursor, shape)).toBeUndefined();
  });

  it.each([
    ['of another list', encodeCursor('steps', [1, 'a'])],
    ['with a part too few', encodeCursor('runs', [1])],
    ['with a part too many', encodeCursor('runs', [1, 'a', 'b'])],
    ['with parts that are something else', encodeCursor('runs', ['a', 1])],
    ['of no list at all', Buffer.from('{"runs":1}').toString('base64url')],
    ['of nothing', Buffer.from('null').toString('base64url')],

    ['cut off', encodeCursor('runs', [1, 'abc']).slice(0, -3)],
    ['in plain words', 'the beginning'],
    ['as long as a book', 'x'.repeat(100_000)],
  ])('%s is a 400 that says so', (_, cursor) => {
    expect(() => decodeCursor('runs', cursor, shape)).toThrow(
      expect.objectContaining({
        name: 'WorkflowWorldError',
        status: 400,
        message: expect.stringMatching(/^The cursor ".{0,80}" was not given out by this list of runs/),
      }),
    );
  });

  it('is a text', () => {
    expect(() => decodeCursor('runs', 7, shape)).toThrow('A cursor is a text that this list of runs gave out, not a number.');
  });
});
