import type { RunQuery } from '../world/page-queries.ts';
import type { OpenRuns } from '../world/port.ts';
import type { RunRow, TakenRun } from '../world/rows.ts';
import { settleCodeChild } from './children.ts';
import type { Connection } from './connection.ts';

export const runColumns = `
  shard, run_id as runId, namespace, status, deployment_id as deploymentId, workflow_name as workflowName,
  spec_version as specVersion, execution_context as executionContext, encryption_key_id as encryptionKeyId, error, input_seq as inputSeq, output_seq as outputSeq,
  created_at as createdAt, updated_at as updatedAt, started_at as startedAt, completed_at as completedAt, expired_at as expiredAt,
  last_seq as lastSeq, last_ms as lastMs, marker_ms as markerMs,
  due_at as dueAt, lease_owner as leaseOwner, lease_epoch as leaseEpoch, deliveries`;

export function getRun(db: Connection, runId: string): RunRow | undefined {
  return db.get<RunRow>(`select ${runColumns} from runs where run_id = :runId`, { runId });
}

export type RunGuardColumns = Pick<RunRow, 'status' | 'lastSeq' | 'lastMs' | 'markerMs' | 'leaseOwner' | 'leaseEpoch'>;

/** What a write has to know of its run, and no more: this is the most frequent statement of all. */
export function getRunGuard(db: Connection, key: { runId: string }): RunGuardColumns | undefined {
  return db.get<RunGuardColumns>(
    `select status, last_seq as lastSeq, last_ms as lastMs, marker_ms as markerMs, lease_owner as leaseOwner, lease_epoch as leaseEpoch
     from runs where run_id = :runId`,
    key,
  );
}

export function insertRun(db: Connection, row: RunRow): void {
  db.run(
    `insert into runs (
      shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, execution_context, encryption_key_id, error,
      input_seq, output_seq, created_at, updated_at, started_at, completed_at, expired_at, last_seq, last_ms, marker_ms, due_at,
      lease_owner, lease_epoch, deliveries)
    values (
       :shard, :runId, :namespace, :status, :deploymentId, :workflowName, :specVersion, :executionContext, :encryptionKeyId, :error, :inputSeq, :outputSeq,
       :createdAt, :updatedAt, :startedAt, :completedAt, :expiredAt, :lastSeq, :lastMs, :markerMs,
       :dueAt, :leaseOwner, :leaseEpoch, :deliveries)`,
    row,
  );
}

export interface RunAdvance {
  readonly runId: string;
  readonly at: number;
  readonly lastSeq: number;
  readonly markerMs: number;
  /** Earlier of this and what it was; null leaves it. */
  readonly wakeAt: number | null;
  /** The delivery that wrote this got somewhere, so its tries are counted anew. */
  readonly progress: 0 | 1;
}

/** A delivery that comes before the back-off of the last one is over is none of the tries that the back-off spreads over hours. */
function deliveriesAfterWake(wakeAt: 'wakeAt' | 'dueAt'): string {
  return `case when lease_owner is null and :${wakeAt} < due_at then max(0, deliveries - 1) else deliveries end`;
}

/** The part of every write: the log grew, and the run may be due earlier than before. */
export function advanceRun(db: Connection, advance: RunAdvance): void {
  db.run(
    `update runs
     set last_seq = :lastSeq, last_ms = :at, marker_ms = :markerMs,
         updated_at = case when status in ('pending', 'running') then :at else updated_at end,
         deliveries = case when :progress then 0 else ${deliveriesAfterWake('wakeAt')} end,
         due_at = case when :wakeAt is null then due_at else min(coalesce(due_at, :wakeAt), :wakeAt) end
     where run_id = :runId`,
    advance,
  );
}

export function startRun(db: Connection, key: { runId: string; at: number }): void {
  db.run(
    `update runs set status = 'running', started_at = coalesce(started_at, :at)
     where run_id = :runId`,
    key,
  );
}

export interface RunEnd {
  readonly runId: string;
  readonly status: string;
  readonly error: string | null;
  readonly outputSeq: number | null;
  readonly at: number;
}

/** The run is over: nothing of it is due any more, its tokens are free, its waits and unclaimed steps are gone from the queue. */
export function finishRun(db: Connection, end: RunEnd): void {
  db.run(
    `update runs
     set status = :status, error = :error, output_seq = :outputSeq, completed_at = :at, updated_at = :at,
         due_at = null, lease_owner = null, deliveries = 0
     where run_id = :runId`,
    end,
  );
  db.run('delete from hook_tokens where run_id = :runId', end);
  db.run('delete from hooks where run_id = :runId', end);
  db.run('delete from waits where run_id = :runId', end);
  db.run('delete from messages where run_id = :runId', end);
  db.run(
    `update steps set due_at = null
     where run_id = :runId and due_at is not null and lease_owner is null`,
    end,
  );
  settleCodeChild(db, end);
}

export function wakeRun(db: Connection, wake: { runId: string; dueAt: number }): boolean {
  return (
    db.run(
      `update runs
       set due_at = min(coalesce(due_at, :dueAt), :dueAt), deliveries = ${deliveriesAfterWake('dueAt')}
       where run_id = :runId and status in ('pending', 'running')`,
      wake,
    ) > 0
  );
}

/**
 * Gives a due run to a worker. What it was due for is delivered with it; timers that are still ahead stay, so that losing this delivery
 * loses no wake.
 */
export function takeRun(db: Connection, take: { runId: string; owner: string; now: number }): TakenRun | undefined {
  return db.get<TakenRun>(
    `update runs
     set lease_owner = :owner, lease_epoch = lease_epoch + 1, deliveries = deliveries + 1,
         due_at = (select min(w.due_at) from waits w
                   where w.run_id = :runId and w.status = 'waiting' and w.due_at > :now)
     where run_id = :runId and lease_owner is null and due_at <= :now
     returning ${runColumns},
       exists (select 1 from waits w
               where w.run_id = :runId and w.status = 'waiting' and w.due_at <= :now) as waitsDue,
       exists (select 1 from messages m where m.run_id = :runId) as inboxFull`,
    take,
  );
}

export function listRuns(db: Connection, { workflowName, status, after, order, limit }: RunQuery): RunRow[] {
  const past = order === 'asc' ? '>' : '<';
  return db.all<RunRow>(
    `select ${runColumns} from runs
     where true
       ${workflowName === undefined ? '' : 'and workflow_name = :workflowName'}
       ${status === undefined ? '' : 'and status = :status'}
       ${after === undefined ? '' : `and (created_at, run_id) ${past} (:at, :id)`}
     order by created_at ${order}, run_id ${order}
     limit :limit`,
    { workflowName: workflowName ?? null, status: status ?? null, at: after?.at ?? null, id: after?.id ?? null, limit },
  );
}

export function countOpenRuns(db: Connection): OpenRuns[] {
  return db.all<OpenRuns>(
    `select deployment_id as deploymentId, status, count(*) as runs, min(created_at) as oldestCreatedAt
     from runs
     where status in ('pending', 'running')
     group by deployment_id, status
     order by deployment_id, status`,
  );
}
