import type { CorrelationQuery, EventKey, EventQuery } from '../world/page-queries.ts';
import type { EventRow } from '../world/rows.ts';
import type { NewEvent } from '../world/transition.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';

export const smallEventColumns = `
  run_id as runId, seq, type, correlation_id as correlationId, spec_version as specVersion, created_at as createdAt,
  occurred_at as occurredAt, meta`;
// Without payloads the blobs are not even read.
const columns = { with: `${smallEventColumns}, payload`, without: `${smallEventColumns}, null as payload` };

export interface EventPlace {
  readonly shard: number;
  readonly runId: string;
  readonly seq: number;
  readonly createdAt: number;
}

const insertInto = 'insert into events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)';

const oneRow = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const insertSome = [1, 2, 3].map((count) => `${insertInto} values ${Array.from({ length: count }, () => oneRow).join(', ')}`);

/** Events of one run in a row, the first at `seq`; up to three in one statement, which is what a step says. */
export function insertEvents(db: Connection, events: readonly NewEvent[], { shard, runId, seq, createdAt }: EventPlace): void {
  for (let at = 0; at < events.length;) {
    const count = Math.min(insertSome.length, events.length - at);
    const values: SqlValue[] = [];
    for (const end = at + count; at < end; at += 1) {
      const { type, correlationId, specVersion, occurredAt, meta, payload } = events[at] as NewEvent;
      values.push(shard, runId, seq + at, type, correlationId, specVersion, createdAt, occurredAt, meta, payload);
    }
    db.runValues(insertSome[count - 1] as string, values);
  }
}

export function getEvent(db: Connection, runId: string, seq: number): EventRow | undefined {
  return db.get<EventRow>(`select ${columns.with} from events where run_id = :runId and seq = :seq`, {
    runId,
    seq,
  });
}

export function listEvents(db: Connection, { runId, after, order, limit, payloads }: EventQuery): EventRow[] {
  return db.all<EventRow>(
    `select ${payloads ? columns.with : columns.without} from events
     where run_id = :runId
       ${after === undefined ? '' : `and seq ${order === 'asc' ? '>' : '<'} :after`}
     order by seq ${order}
     limit :limit`,
    { runId, after: after ?? null, limit },
  );
}

/** The newest run that created a step of this id: ids repeat between runs, and the caller has no more than the id. */
export function findOwnerOfStep(db: Connection, stepId: string): string | undefined {
  return db.get<{ runId: string }>(
    `select run_id as runId from events
     where correlation_id = :stepId and type = 'step_created'
     order by created_at desc
     limit 1`,
    { stepId },
  )?.runId;
}

export function listEventsByCorrelation(db: Connection, query: CorrelationQuery): EventRow[] {
  const { correlationId, runId, after, order, limit, payloads } = query;
  const past = order === 'asc' ? '>' : '<';
  return db.all<EventRow>(
    `select ${payloads ? columns.with : columns.without} from events
     where correlation_id = :correlationId
       ${runId === undefined ? '' : 'and run_id = :runId'}
       ${after === undefined ? '' : `and (created_at, run_id, seq) ${past} (:at, :afterRun, :seq)`}
     order by created_at ${order}, run_id ${order}, seq ${order}
     limit :limit`,
    {
      correlationId,
      runId: runId ?? null,
      at: after?.at ?? null,
      afterRun: after?.runId ?? null,
      seq: after?.seq ?? null,
      limit,
    },
  );
}

export function readPayload(db: Connection, { runId, seq }: EventKey): Uint8Array | undefined {
  const row = db.get<{ payload: Uint8Array | null }>('select payload from events where run_id = :runId and seq = :seq', { runId, seq });
  return row?.payload ?? undefined;
}
