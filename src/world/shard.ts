import { fnv1a } from '../base/hash.ts';

/** Fixed for ever: rows are stored under these numbers (decisions A2). */
export const shardCount = 64;

/** The virtual shard of a run, of a message without a run, or of any other key. */
export function shardOf(key: string): number {
  return fnv1a(key) % shardCount;
}

/** Streams of a run are named `strm_<ULID of the run>…` and live on its shard; any other name has its own. */
export function shardOfStream(name: string): number {
  const ulid = /^strm_([0-9A-HJKMNP-TV-Z]{26})/.exec(name)?.[1];
  return ulid ? shardOf(`wrun_${ulid}`) : shardOf(name);
}
