import type { AppendAct, SweepStreamsAct } from '../world/port.ts';
import type { ChunkRow, StreamRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';

export function getStream(db: Connection, name: string): StreamRow | undefined {
  return db.get<StreamRow>(
    `select shard, name, run_id as runId, chunk_count as chunkCount, closed_at as closedAt, created_at as createdAt from streams
     where name = :name`,
    { name },
  );
}

/** Chunks get the next indexes, all or none. What comes after the end is ignored: readers stopped there. */
export function appendToStream(db: Connection, { shard, name, runId, chunks, close, now }: AppendAct): number {
  const known = getStream(db, name);
  if (known?.closedAt != null) return known.chunkCount;
  const from = known?.chunkCount ?? 0;
  const chunkCount = from + chunks.length;
  for (const [offset, data] of chunks.entries()) {
    db.run('insert into stream_chunks (shard, name, chunk_index, data) values (:shard, :name, :index, :data)', {
      shard,
      name,
      index: from + offset,
      data,
    });
  }
  db.run(
    `insert into streams (shard, name, run_id, chunk_count, closed_at, created_at)
    values (:shard, :name, :runId, :chunkCount, :closedAt, :now)
     on conflict (name) do update set chunk_count = excluded.chunk_count, closed_at = excluded.closed_at`,
    { shard, name, runId, chunkCount, closedAt: close ? now : null, now },
  );
  return chunkCount;
}

export function readChunks(db: Connection, name: string, from: number, limit: number): ChunkRow[] {
  return db.all<{ index: number; data: Uint8Array }>(
    `select chunk_index as "index", data from stream_chunks
     where name = :name and chunk_index >= :from
     order by chunk_index
     limit :limit`,
    { name, from, limit },
  );
}

export function listStreams(db: Connection, runId: string): string[] {
  return db
    .all<{ name: string }>('select name from streams where run_id = :runId order by created_at, name', { runId })
    .map(({ name }) => name);
}

export function sweepStreams(db: Connection, { namePrefix, before }: SweepStreamsAct): number {
  const old = { from: namePrefix, to: `${namePrefix}\u{10FFFF}`, before };
  db.run(
    `delete from stream_chunks where name in (
       select name from streams where name >= :from and name < :to and created_at < :before)`,
    old,
  );
  return db.run('delete from streams where name >= :from and name < :to and created_at < :before', old);
}
