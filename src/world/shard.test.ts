import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardCount, shardOf, shardOfStream } from './shard.ts';

describe('the shard of a key', () => {
  // Fixed for ever: rows are stored under these numbers. A change here loses every run that was ever stored.
  it.each([
    ['', 5],
    ['wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV', 41],
    ['wrun_01JD0000000000000000000000', 53],
    ['order-7', 59],
    ['größe 🎉', 62],
  ])('of %j is %i', (key, shard) => {
    expect(shardOf(key)).toBe(shard);
  });

  it('is one of 64', () => {
    expect(shardCount).toBe(64);
    assert(property(string({ unit: 'binary' }), (key) => shardOf(key) >= 0 && shardOf(key) < 64 && Number.isInteger(shardOf(key))));
  });

  it('spreads the runs of a busy minute evenly', () => {
    const shards = Array.from({ length: 6_400 }, (_, index) => shardOf(`wrun_01JD${index.toString(36).toUpperCase().padStart(22, '0')}`));
    const counts = Array.from({ length: shardCount }, (_, shard) => shards.filter((each) => each === shard).length);
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(160);
  });
});

describe('the shard of a stream', () => {
  const ulid = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

  it.each([`strm_${ulid}`, `strm_${ulid}_user`, `strm_${ulid}_user_name`])('%s is that of its run', (name) => {
    expect(shardOfStream(name)).toBe(shardOf(`wrun_${ulid}`));
  });

  it.each(['strm_short', `strm_${ulid.toLowerCase()}`, 'lines', `xstrm_${ulid}`, ''])('%j is its own', (name) => {
    expect(shardOfStream(name)).toBe(shardOf(name));
  });
});
