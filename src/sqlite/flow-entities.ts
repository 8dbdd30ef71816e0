import type { ExecutionWrite, FlowHookChange, FlowStepChange, FlowWaitChange } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';
import { insertEvents } from './events.ts';
import { saveHook, takeToken } from './hooks.ts';
import { saveWait } from './waits.ts';

/** What the transaction knows of the write: which sequence its first event has, when it is, under which protocol the run was made. */
export interface WriteAt {
  readonly at: number;
  readonly firstSeq: number;
  readonly specVersion: number;
}

/** The log, and what the tools of the World show: the revision of the execution guards them all. */
export function saveEntities(db: Connection, write: ExecutionWrite, written: WriteAt): void {
  const { shard, runId } = write;
  insertEvents(db, write.events, { shard, runId, seq: written.firstSeq, createdAt: written.at });
  for (const step of write.steps) saveFlowStep(db, write, step, written);
  for (const wait of write.waits) saveFlowWait(db, write, wait, written);
  for (const hook of write.hooks) saveFlowHook(db, write, hook, written);
}

function saveFlowStep(
  db: Connection,
  { shard, runId }: ExecutionWrite,
  step: FlowStepChange,
  { at, firstSeq, specVersion }: WriteAt,
): void {
  const completedAt = step.status === 'completed' || step.status === 'failed' ? at : null;
  const outputSeq = step.outputEvent === null ? null : firstSeq + step.outputEvent;
  const startedAt = step.starts > 0 ? at : null;
  const { stepId, stepName, status, starts, error, retryAfter } = step;
  if (step.createdBy === null) {
    db.run(
      `update steps
       set status = :status, attempt = attempt + :starts, error = :error, output_seq = :outputSeq, updated_at = :at,
           started_at = coalesce(started_at, :startedAt), completed_at = :completedAt, retry_after = :retryAfter, version = version + 1
       where run_id = :runId and step_id = :stepId`,
      { runId, stepId, status, starts, error, outputSeq, at, startedAt, completedAt, retryAfter },
    );
    return;
  }
  const inputSeq = firstSeq + step.createdBy;
  db.run(
    `insert into steps (
       shard, run_id, step_id, namespace, step_name, status, spec_version, attempt, error, input_seq, output_seq,
       created_at, updated_at, started_at, completed_at, retry_after, lease_epoch, deliveries, version)
     values (
       :shard, :runId, :stepId, 'flow', :stepName, :status, :specVersion, :starts, :error, :inputSeq, :outputSeq,
       :at, :at, :startedAt, :completedAt, :retryAfter, 0, 0, 1)`,
    { shard, runId, stepId, stepName, status, specVersion, starts, error, inputSeq, outputSeq, at, startedAt, completedAt, retryAfter },
  );
}

function saveFlowWait(
  db: Connection,
  { shard, runId }: ExecutionWrite,
  { waitId, resumeAt }: FlowWaitChange,
  { at, specVersion }: WriteAt,
): void {
  if (resumeAt === null) {
    db.run(
      `update waits set status = 'completed', updated_at = :at, completed_at = :at, version = version + 1
       where run_id = :runId and wait_id = :waitId and status = 'waiting'`,
      { runId, waitId, at },
    );
    return;
  }
  saveWait(db, {
    ...{ shard, runId, waitId, status: 'waiting', specVersion, resumeAt, dueAt: resumeAt, createdAt: at, updatedAt: at },
    ...{ completedAt: null, version: 1 },
  });
}

function saveFlowHook(
  db: Connection,
  { shard, runId }: ExecutionWrite,
  hook: FlowHookChange,
  { at, firstSeq, specVersion }: WriteAt,
): void {
  const { hookId, token } = hook;
  if (token === null) return disposeHook(db, { runId, hookId });
  const eventSeq = firstSeq + hook.eventIndex;
  takeToken(db, { token, runId, hookId });
  saveHook(db, { shard, runId, hookId, status: 'live', token, isWebhook: false, specVersion, createdAt: at, eventSeq, version: 1 });
}

export function disposeHook(db: Connection, key: { readonly runId: string; readonly hookId: string }): void {
  db.run('delete from token_expiries where token in (select token from hook_tokens where run_id = :runId and hook_id = :hookId)', key);
  db.run('delete from hook_tokens where run_id = :runId and hook_id = :hookId', key);
  db.run(
    `update hooks set status = 'disposed', version = version + 1
     where run_id = :runId and hook_id = :hookId and status = 'live'`,
    key,
  );
}
