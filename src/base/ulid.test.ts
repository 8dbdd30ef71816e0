import { isDeepStrictEqual } from 'node:util';
import { array, assert, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newUlid, parseUlid, renderUlid, ulidTime, type UlidParts } from './ulid.ts';

const parts = record({ ms: nat(2 ** 48 - 1), high40: nat(2 ** 40 - 1), low40: nat(2 ** 40 - 1) });
const inOrder = (a: UlidParts, b: UlidParts) => a.ms - b.ms || a.high40 - b.high40 || a.low40 - b.low40;

describe('a ULID', () => {
  it('is written as the specification writes it', () => {
    // The example of the ULID specification: 01ARYZ6S41 is 1469918176385.
    expect(renderUlid({ ms: 1_469_918_176_385, high40: 0, low40: 0 })).toBe('01ARYZ6S410000000000000000');
    expect(ulidTime('01ARYZ6S41TSV4RRFFQ69G5FAV')).toBe(1_469_918_176_385);
  });

  it('gives back what it was made of', () => {
    assert(property(parts, (given) => isDeepStrictEqual(parseUlid(renderUlid(given)), { ...given })));
  });

  it('sorts as text like its parts sort as numbers', () => {
    assert(
      property(array(parts, { minLength: 2 }), (list) => {
        const sorted = list.toSorted(inOrder).map(renderUlid);
        expect(list.map(renderUlid).toSorted()).toEqual(sorted);
      }),
    );
  });

  it('holds the largest of everything', () => {
    const largest = { ms: 2 ** 48 - 1, high40: 2 ** 40 - 1, low40: 2 ** 40 - 1 };
    expect(renderUlid(largest)).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
    expect(parseUlid('7ZZZZZZZZZZZZZZZZZZZZZZZZZ')).toEqual(largest);
  });

  it.each([
    '',
    '01ARYZ6S41TSV4RRFFQ69G5FA',
    '01ARYZ6S41TSV4RRFFQ69G5FAVX',
    '81ARYZ6S41TSV4RRFFQ69G5FAV',
    '01aryz6s41tsv4rrffq69g5fav',
    '01ARYZ6S41TSV4RRFFQ69G5FAI',
  ])('is not %j', (text) => {
    expect([parseUlid(text), ulidTime(text)]).toEqual([undefined, undefined]);
  });

  it('is fresh each time, and of the time it was asked for', () => {
    const made = Array.from({ length: 1_000 }, () => newUlid(1_700_000_000_000));
    expect(new Set(made).size).toBe(1_000);
    expect(made.map(ulidTime)).toEqual(made.map(() => 1_700_000_000_000));
  });
});
