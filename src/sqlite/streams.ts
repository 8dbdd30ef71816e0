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

interface Appended {
  readonly chunkCount: number;
  /** The index of the first of them; undefined if they were ignored. */
  readonly from: number | undefined;
}

/** Chunks get the next indexes, all or none. What comes after the end is ignored: readers stopped there. */
export function appendToStream(db: Connection, { shard, name, runId, chunks, close, now }: AppendAct): Appended {
  const grown = db.get<{ chunkCount: number }>(
    `insert into streams as known (shard, name, run_id, chunk_count, closed_at, created_at)
    values (:shard, :name, :runId, :added, :closedAt, :now)
     on conflict (name) do update
     set chunk_count = known.chunk_count + excluded.chunk_count, closed_at = excluded.closed_at
     where known.closed_at is null
     returning chunk_count as chunkCount`,
    { shard, name, runId, added: chunks.length, closedAt: close ? now : null, now },
  );
  if (!grown) return { chunkCount: getStream(db, name)?.chunkCount ?? 0, from: undefined };
  const from = grown.chunkCount - chunks.length;
  for (const [offset, data] of chunks.entries()) {
    db.run('insert into stream_chunks (shard, name, chunk_index, data) values (:shard, :name, :index, :data)', {
      shard,
      name,
      index: from + offset,
      data,
    });
  }
  return { chunkCount: grown.chunkCount, from };
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
