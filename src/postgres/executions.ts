import type { ExecutionMark, ExecutionRows, ValueRow } from '../world/flow-port.ts';
import { shardOf } from '../world/shard.ts';
import { isFlow } from './claim.ts';
import type { Database } from './database.ts';

const markColumns = `e.revision, r.status, r.lease_owner as "leaseOwner", r.lease_epoch as "leaseEpoch", e.cancel_request as "cancelRequest"`;

export async function getExecutionMark(db: Database, runId: string): Promise<ExecutionMark | undefined> {
  const [mark] = await db.query<ExecutionMark>(
    `select ${markColumns}
     from pawl.executions e
     join pawl.runs r on r.shard = e.shard and r.run_id = e.run_id
     where e.shard = $1 and e.run_id = $2`,
    [shardOf(runId), runId],
  );
  return mark;
}

/** One round trip, however many they are. */
export async function listExecutionMarks(db: Database, runIds: readonly string[]): Promise<ReadonlyMap<string, ExecutionMark>> {
  const marks = await db.query<ExecutionMark & { readonly runId: string }>(
    `select e.run_id as "runId", ${markColumns}
     from unnest($1::int[], $2::text[]) as asked (shard, run_id)
     join pawl.executions e on e.shard = asked.shard and e.run_id = asked.run_id
     join pawl.runs r on r.shard = e.shard and r.run_id = e.run_id`,
    [runIds.map(shardOf), runIds],
  );
  return new Map(marks.map(({ runId, ...mark }) => [runId, mark]));
}

type Stored = Omit<ExecutionRows, 'values' | 'history'> & {
  readonly values: readonly [kind: ValueRow['kind'], key: string, path: string, value: string][] | null;
  readonly history: readonly string[] | null;
};

/** One statement, so that all of it is as of one moment. */
export async function readExecution(db: Database, runId: string): Promise<ExecutionRows | undefined> {
  const [stored] = await db.query<Stored>(
    `select e.run_id as "runId", e.flow_id as "flowId", e.tenant_id as "tenantId", e.revision, e.fields, e.cancel_request as "cancelRequest",
       (select json_agg(json_build_array(v.kind, v.key, v.path, v.value) order by v.position) from pawl.execution_values v
        where v.shard = e.shard and v.run_id = e.run_id) as values,
       (select json_agg(h.entry order by h.position) from pawl.execution_history h
        where h.shard = e.shard and h.run_id = e.run_id) as history
     from pawl.executions e
     where e.shard = $1 and e.run_id = $2`,
    [shardOf(runId), runId],
  );
  if (!stored) return undefined;
  const values = (stored.values ?? []).map(([kind, key, path, value]) => ({ kind, key, path, value }));
  return { ...stored, values, history: stored.history ?? [] };
}

export function listDueExecutions(db: Database, { limit }: { limit: number }): Promise<{ runId: string; dueAt: number }[]> {
  return db.query(
    `select run_id as "runId", due_at as "dueAt" from pawl.runs
     where lease_owner is null and due_at is not null and ${isFlow} = 1
     order by due_at
     limit $1`,
    [limit],
  );
}
