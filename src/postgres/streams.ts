import type { ChunkRow, StreamRow } from '../world/rows.ts';
import { shardOfStream } from '../world/shard.ts';
import type { Database } from './database.ts';

export async function getStream(db: Database, name: string): Promise<StreamRow | undefined> {
  const [row] = await db.query<StreamRow>(
    `select shard, name, run_id as "runId", chunk_count as "chunkCount", closed_at as "closedAt", created_at as "createdAt"
     from pawl.streams
     where shard = $1 and name = $2`,
    [shardOfStream(name), name],
  );
  return row;
}

export function readChunks(db: Database, name: string, from: number, limit: number): Promise<ChunkRow[]> {
  return db.query<ChunkRow>(
    `select chunk_index as "index", data from pawl.stream_chunks
     where shard = $1 and name = $2 and chunk_index >= $3
     order by chunk_index
     limit $4`,
    [shardOfStream(name), name, from, limit],
  );
}

export async function listStreams(db: Database, runId: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select name from pawl.streams
     where run_id = $1
     order by created_at, name`,
    [runId],
  );
  return rows.map(({ name }) => name);
}
