import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a } from './hash.ts';

describe('the hash that shards are computed from', () => {
  // Never to be changed: rows are stored by it. These are the published test vectors of FNV-1a, 32 bits.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
    ['chongo was here!\n', 0xd49930d5],
  ])('is FNV-1a: %j', (text, hash) => {
    expect(fnv1a(text)).toBe(hash);
  });

  it('is taken of the UTF-8 of any text', () => {
    const slowly = (text: string) => {
      let hash = 0x811c9dc5;
      for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
      return hash >>> 0;
    };
    assert(property(string({ unit: 'binary' }), (text) => fnv1a(text) === slowly(text)));
    assert(property(string(), (text) => fnv1a(text) === slowly(text)));
  });
});
