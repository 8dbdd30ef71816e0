import type { OfRun } from '../world/page-queries.ts';
import type { ClaimedStep, QueueStepAct, StepBurst } from '../world/port.ts';
import type { RunRow, StepRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';
import { type DueQuery, dueSteps } from './due.ts';
import { findOwnerOfStep } from './events.ts';
import { getRun } from './runs.ts';

export const stepColumns = `
  shard, run_id as runId, step_id as stepId, namespace, step_name as stepName, status, spec_version as specVersion, attempt, error,
  input_seq as inputSeq, output_seq as outputSeq, created_at as createdAt, updated_at as updatedAt, started_at as startedAt,
  completed_at as completedAt, retry_after as retryAfter, message,
  due_at as dueAt, lease_owner as leaseOwner, lease_epoch as leaseEpoch, deliveries, version`;

export function getStep(db: Connection, runId: string | undefined, stepId: string): StepRow | undefined {
  if (runId === undefined) {
    const owner = findOwnerOfStep(db, stepId);
    return owner === undefined ? undefined : getStep(db, owner, stepId);
  }
  return db.get<StepRow>(`select ${stepColumns} from steps where run_id = :runId and step_id = :stepId`, {
    runId,
    stepId,
  });
}

/** Writes the whole next row over the one whose version is one less; false if that is not there. */
export function saveStep(db: Connection, row: StepRow): boolean {
  if (row.version === 1) {
    const added = db.run(
      `insert into steps (
        shard, run_id, step_id, namespace, step_name, status, spec_version, attempt, error, input_seq, output_seq, created_at,
        updated_at, started_at, completed_at, retry_after, message, due_at, lease_owner, lease_epoch, deliveries, version)
      values (
         :shard, :runId, :stepId, :namespace, :stepName, :status, :specVersion, :attempt, :error, :inputSeq, :outputSeq,
         :createdAt, :updatedAt, :startedAt, :completedAt, :retryAfter, :message, :dueAt, :leaseOwner, :leaseEpoch, :deliveries, :version)
       on conflict do nothing`,
      row,
    );
    return added > 0;
  }
  const changed = db.run(
    `update steps
     set status = :status, attempt = :attempt, error = :error, output_seq = :outputSeq, updated_at = :updatedAt, started_at = :startedAt,
         completed_at = :completedAt, retry_after = :retryAfter, due_at = :dueAt, lease_owner = :leaseOwner, lease_epoch = :leaseEpoch,
         deliveries = :deliveries, version = :version
     where run_id = :runId and step_id = :stepId and version = :version - 1`,
    row,
  );
  return changed > 0;
}

export function countBurst(db: Connection, runId: string): StepBurst {
  const burst = db.get<StepBurst>(
    `with begun as (select created_at from steps where run_id = :runId and status in ('pending', 'running'))
     select (select count(*) from begun) as open,
            (select count(*) from steps where run_id = :runId and completed_at >= (select min(created_at) from begun)) as ended`,
    { runId },
  );
  return burst ?? { open: 0, ended: 0 };
}

/** What its message adds to an open step that nobody has; a due time that it has already stays, so that no retry comes early. */
export function queueStep(db: Connection, act: QueueStepAct): boolean {
  return (
    db.run(
      `update steps set message = coalesce(:message, message), due_at = coalesce(due_at, :dueAt)
       where run_id = :runId and step_id = :stepId and lease_owner is null and status in ('pending', 'running')`,
      act,
    ) > 0
  );
}

/** Oldest due first. The run is read with it: the message says its name and start, the rules its status. */
export function claimSteps(db: Connection, query: DueQuery & { readonly owner: string }): ClaimedStep[] {
  const due = db.all<{ runId: string; stepId: string }>(`select s.run_id as runId, s.step_id as stepId ${dueSteps}`, query);
  return due.map((key) => ({
    birth: null,
    run: getRun(db, key.runId) as RunRow,
    step: db.get<StepRow>(
      `update steps
       set lease_owner = :owner, lease_epoch = lease_epoch + 1, deliveries = deliveries + 1, version = version + 1
       where run_id = :runId and step_id = :stepId
       returning ${stepColumns}`,
      { ...key, owner: query.owner },
    ) as StepRow,
  }));
}

export function listSteps(db: Connection, { runId, after, order, limit }: OfRun): StepRow[] {
  const past = order === 'asc' ? '>' : '<';
  return db.all<StepRow>(
    `select ${stepColumns} from steps
     where run_id = :runId
       ${after === undefined ? '' : `and (created_at, step_id) ${past} (:at, :id)`}
     order by created_at ${order}, step_id ${order}
     limit :limit`,
    { runId, at: after?.at ?? null, id: after?.id ?? null, limit },
  );
}
