import type { CorrelationQuery, EventKey, EventQuery } from '../world/page-queries.ts';
import type { EventRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';

export const smallEventColumns = `
  run_id as "runId", seq, type, correlation_id as "correlationId", spec_version as "specVersion", created_at as "createdAt",
  occurred_at as "occurredAt", meta`;
// Without payloads the blobs are not even read.
const columns = { with: `${smallEventColumns}, payload`, without: `${smallEventColumns}, null as payload` };

export async function getEvent(db: Database, runId: string, seq: number): Promise<EventRow | undefined> {
  const [row] = await db.query<EventRow>(
    `select ${columns.with} from pawl.events
     where shard = $1 and run_id = $2 and seq = $3`,
    [shardOf(runId), runId, seq],
  );
  return row;
}

export function listEvents(db: Database, { runId, after, order, limit, payloads }: EventQuery): Promise<EventRow[]> {
  const args = new Arguments();
  return db.query<EventRow>(
    `select ${payloads ? columns.with : columns.without} from pawl.events
     where shard = ${args.put(shardOf(runId))} and run_id = ${args.put(runId)}
       ${after === undefined ? '' : `and seq ${order === 'asc' ? '>' : '<'} ${args.put(after)}`}
     order by seq ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}

export function listEventsByCorrelation(db: Database, query: CorrelationQuery): Promise<EventRow[]> {
  const { correlationId, runId, after, order, limit, payloads } = query;
  const past = order === 'asc' ? '>' : '<';
  const args = new Arguments();
  return db.query<EventRow>(
    `select ${payloads ? columns.with : columns.without} from pawl.events
     where correlation_id = ${args.put(correlationId)}
       ${runId === undefined ? '' : `and shard = ${args.put(shardOf(runId))} and run_id = ${args.put(runId)}`}
       ${after === undefined ? '' : `and (created_at, run_id, seq) ${past} (${args.put(after.at)}, ${args.put(after.runId)}, ${args.put(after.seq)})`}
     order by created_at ${order}, run_id ${order}, seq ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}

export async function readPayloads(db: Database, keys: readonly EventKey[]): Promise<(Uint8Array | undefined)[]> {
  const rows = await db.query<{ runId: string; seq: number; payload: Uint8Array | null }>(
    `select e.run_id as "runId", e.seq, e.payload
     from unnest($1::int[], $2::text[], $3::bigint[]) as k (shard, run_id, seq)
     join pawl.events e on e.shard = k.shard and e.run_id = k.run_id and e.seq = k.seq`,
    [keys.map(({ runId }) => shardOf(runId)), keys.map(({ runId }) => runId), keys.map(({ seq }) => seq)],
  );
  const found = new Map(rows.map(({ runId, seq, payload }) => [`${seq} ${runId}`, payload]));
  return keys.map(({ runId, seq }) => found.get(`${seq} ${runId}`) ?? undefined);
}
