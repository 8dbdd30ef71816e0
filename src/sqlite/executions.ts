import {
  type ExecutionMark,
  type ExecutionRows,
  type ExecutionWrite,
  type ValueChange,
  type ValueRow,
  valuePosition,
} from '../world/flow-port.ts';
import type { RunRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';

export interface RunBefore extends Pick<RunRow, 'status' | 'lastSeq' | 'lastMs' | 'dueAt' | 'leaseOwner' | 'leaseEpoch'> {
  /** Null: the run is none of a flow. */
  readonly revision: number | null;
  readonly historyLength: number;
  readonly cancelAt: number | null;
}

/** What a commit has to know of the execution that it changes, in one look. */
export function getBefore(db: Connection, key: { runId: string }): RunBefore | undefined {
  return db.get<RunBefore>(
    `select r.status, r.last_seq as lastSeq, r.last_ms as lastMs, r.due_at as dueAt, r.lease_owner as leaseOwner, r.lease_epoch as leaseEpoch,
            e.revision, e.history_length as historyLength, e.cancel_at as cancelAt
     from runs r left join executions e on e.run_id = r.run_id
     where r.run_id = :runId`,
    key,
  );
}

export function getExecutionMark(db: Connection, runId: string): ExecutionMark | undefined {
  return db.get<ExecutionMark>(
    `select e.revision, r.status, r.lease_owner as leaseOwner, r.lease_epoch as leaseEpoch, e.cancel_request as cancelRequest
     from executions e join runs r on r.run_id = e.run_id
     where e.run_id = :runId`,
    { runId },
  );
}

export function listExecutionMarks(db: Connection, runIds: readonly string[]): ReadonlyMap<string, ExecutionMark> {
  return new Map(
    runIds.flatMap((runId) => {
      const mark = getExecutionMark(db, runId);
      return mark ? [[runId, mark] as const] : [];
    }),
  );
}

export function readExecution(db: Connection, runId: string): ExecutionRows | undefined {
  const state = db.get<Omit<ExecutionRows, 'values' | 'history'>>(
    `select run_id as runId, flow_id as flowId, tenant_id as tenantId, revision, fields, cancel_request as cancelRequest
     from executions where run_id = :runId`,
    { runId },
  );
  if (!state) return undefined;
  const values = db.all<ValueRow>(
    `select kind, key, path, value from execution_values
     where run_id = :runId
     order by position`,
    { runId },
  );
  const history = db.all<{ entry: string }>(
    `select entry from execution_history
     where run_id = :runId
     order by position`,
    { runId },
  );
  return { ...state, values, history: history.map(({ entry }) => entry) };
}

/** The state, its changed values and the tail of its history. */
export function saveExecution(db: Connection, write: ExecutionWrite, before: RunBefore | undefined): void {
  const { runId, replace } = write;
  if (replace && before) {
    db.run('delete from execution_values where run_id = :runId', { runId });
    db.run('delete from execution_history where run_id = :runId', { runId });
  }
  const from = replace ? 0 : (before?.historyLength ?? 0);
  saveState(db, write, { historyLength: from + write.history.length, isNew: before === undefined });
  for (const [index, change] of write.values.entries())
    saveValue(db, { ...change, runId, position: valuePosition(write.state.revision, index) });
  for (const [index, entry] of write.history.entries()) {
    db.run('insert into execution_history (run_id, position, entry) values (:runId, :position, :entry)', {
      runId,
      position: from + index,
      entry,
    });
  }
}

function saveState(
  db: Connection,
  { shard, runId, state, join, status }: ExecutionWrite,
  { historyLength, isNew }: { historyLength: number; isNew: boolean },
): void {
  const row = { ...state, shard, runId, historyLength, joinGroup: join?.group ?? null, joinWakeWhen: join?.wakeWhen ?? null };
  if (isNew) {
    db.run(
      `insert into executions (shard, run_id, flow_id, tenant_id, revision, fields, history_length, join_group, join_wake_when)
       values (:shard, :runId, :flowId, :tenantId, :revision, :fields, :historyLength, :joinGroup, :joinWakeWhen)`,
      row,
    );
    return;
  }
  db.run(
    `update executions
     set revision = :revision, fields = :fields, history_length = :historyLength, join_group = :joinGroup, join_wake_when = :joinWakeWhen
     where run_id = :runId`,
    row,
  );
  if (status === 'pending' || status === 'running') return;
  db.run('update executions set cancel_request = null, cancel_at = null where run_id = :runId and cancel_at is not null', { runId });
}

const forgetBelowKey = `
  delete from execution_values
  where run_id = :runId and kind = :kind and key = :key and path <> ''`;
const forgetBelowPath = `
  delete from execution_values
  where run_id = :runId and kind = :kind and key = :key and path >= :path || '.' and path < :path || '/'`;

type StoredChange = ValueChange & { readonly runId: string; readonly position: number };

/**
 * A new value takes the place of everything below it and keeps the position it had: so what stands below is always younger than what it
 * stands in, and the items of a list come in order.
 */
function saveValue(db: Connection, change: StoredChange): void {
  if (change.value === null) {
    db.run('delete from execution_values where run_id = :runId and kind = :kind and key = :key', change);
    return;
  }
  if (change.kind === 'context') db.run(change.path === '' ? forgetBelowKey : forgetBelowPath, change);
  db.run(
    `insert into execution_values (run_id, kind, key, path, position, value) values (:runId, :kind, :key, :path, :position, :value)
     on conflict (run_id, kind, key, path) do update set value = excluded.value`,
    change,
  );
}

export function listDueExecutions(db: Connection, { limit }: { limit: number }): { runId: string; dueAt: number }[] {
  return db.all<{ runId: string; dueAt: number }>(
    `select run_id as runId, due_at as dueAt from runs indexed by runs_queue
     where lease_owner is null and (namespace = 'flow') = 1 and due_at is not null
     order by due_at
     limit :limit`,
    { limit },
  );
}

export function deleteExecution(db: Connection, key: { runId: string }): void {
  for (const table of ['executions', 'execution_values', 'execution_history', 'idempotency_keys', 'token_expiries']) {
    db.run(`delete from ${table} where run_id = :runId`, key);
  }
  db.run('delete from children where parent_id = :runId', key);
  db.run('delete from child_groups where parent_id = :runId', key);
  db.run('delete from stream_chunks where name in (select name from streams where run_id = :runId)', key);
  for (const table of ['streams', 'events', 'steps', 'waits', 'hooks', 'hook_tokens', 'messages', 'runs']) {
    db.run(`delete from ${table} where run_id = :runId`, key);
  }
}
