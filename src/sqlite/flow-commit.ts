import type { ExecutionWrite, FlowCommitAct, FlowLoss, FlowOutcomes } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';
import { addChildren, listOpenChildren, requestCancel, settleChild, tallyChildren } from './children.ts';
import { cancelCodeRun } from './code-runs.ts';
import { getBefore, type RunBefore, saveExecution } from './executions.ts';
import { disposeHook, saveEntities } from './flow-entities.ts';
import { takeKey } from './idempotency-keys.ts';
import { findTokenHolder } from './resume-tokens.ts';
import { finishRun, insertRun, startRun, takeRun } from './runs.ts';
import { noteEvent, saveFirings, saveTrigger } from './triggers.ts';
import { write as writeTransition } from './write.ts';

type Committed = Extract<FlowOutcomes['flowCommit'], { kind: 'committed' }>;

/** Commits executions and what goes with them inside the transaction that is open, or writes nothing. */
export function commitFlow(db: Connection, act: FlowCommitAct): FlowOutcomes['flowCommit'] {
  const parts = act.writes.length + act.codeRuns.length + (act.firing ? 1 : 0);
  if (parts <= 1) return commitParts(db, act);
  db.exec('savepoint flow');
  const outcome = commitParts(db, act);
  db.exec(outcome.kind === 'committed' ? 'release flow' : 'rollback to flow; release flow');
  return outcome;
}

function commitParts(db: Connection, { writes, codeRuns, firing, takeRunFor }: FlowCommitAct): FlowOutcomes['flowCommit'] {
  const [first] = writes;
  if (firing?.row && !saveTrigger(db, firing.row)) return { kind: 'lost', why: 'trigger', runId: '' };
  const sum = { cancelledChildren: [] as string[], wokeParent: false, heard: false };
  for (const write of writes) {
    const written = writeExecution(db, write);
    if (typeof written === 'string') return { kind: 'lost', why: written, runId: write.runId };
    sum.cancelledChildren.push(...written.cancelledChildren);
    sum.wokeParent ||= written.wokeParent;
    sum.heard ||= written.heard;
  }
  for (const transition of codeRuns) {
    const { kind } = writeTransition(db, { kind: 'write', transition, takeRunFor: null });
    if (kind === 'lost') return { kind: 'lost', why: 'exists', runId: transition.runId };
  }
  if (firing) saveFirings(db, firing);
  const taken = takeRunFor && first ? takeRun(db, { runId: first.runId, owner: takeRunFor, now: first.now }) : undefined;
  return { kind: 'committed', taken, ...sum };
}

function writeExecution(db: Connection, write: ExecutionWrite): Omit<Committed, 'kind' | 'taken'> | FlowLoss {
  const before = getBefore(db, write);
  const loss = lossOf(db, write, before);
  if (loss) return loss;

  const { runId, events, now } = write;
  const at = Math.max(now, before?.lastMs ?? 0);
  const firstSeq = (before?.lastSeq ?? 0) + 1;
  const specVersion = events[0]?.specVersion ?? write.create?.specVersion ?? 0;
  if (!before && write.create) {
    insertRun(db, { ...write.create, createdAt: at, updatedAt: at, inputSeq: firstSeq, lastMs: at });
  }
  saveExecution(db, write, before);
  addChildren(db, write);
  saveEntities(db, write, { at, firstSeq, specVersion });
  advance(db, write, before, { at, lastSeq: firstSeq + events.length - 1, dueAt: dueAtOf(db, write, before) });
  const ended = changeStatus(db, write, before, { at, firstSeq });
  const cancelledChildren = cancelChildren(db, write);
  const wokeParent = ended && write.settles !== null && settleChild(db, write.settles, now);
  const heard = write.heard.map((event) => noteEvent(db, { ...event, runId, flowId: write.state.flowId, now })).includes(true);
  return { cancelledChildren, wokeParent, heard };
}

/** Why the write is refused; taking a key or a token is itself the test, and comes last. */
function lossOf(db: Connection, write: ExecutionWrite, before: RunBefore | undefined): FlowLoss | undefined {
  const { runId, expectedRevision, epoch, now } = write;
  if (before?.revision === null) return 'exists';
  if (expectedRevision !== null && (before?.revision ?? 0) !== expectedRevision)
    return before && expectedRevision === 0 ? 'exists' : 'revision';
  if (epoch !== null && (before?.leaseEpoch !== epoch || before.leaseOwner === null)) return 'lease';
  if (write.key && !takeKey(db, { ...write.key, runId, now })) return 'key';
  if (write.consumesToken === null) return undefined;
  const holder = findTokenHolder(db, write.consumesToken, now);
  if (holder?.runId !== runId) return 'token';
  disposeHook(db, holder);
  return undefined;
}

/** A cancellation that was asked for goes before anything else; children may have finished before the parent waits. */
function dueAtOf(db: Connection, { runId, dueAt, join }: ExecutionWrite, before: RunBefore | undefined): number | null {
  if (before?.cancelAt != null) return before.cancelAt;
  if (!join || tallyChildren(db, runId, join.group).finished < join.wakeWhen) return dueAt;
  return Math.min(dueAt ?? join.at, join.at);
}

/**
 * Unlike a wake, a commit says for good when the execution is due: nothing else knows. What is leased and due already stays due since then:
 * so the queue's index is touched once for a delivery and not once for each step.
 */
function advance(
  db: Connection,
  { runId, epoch }: ExecutionWrite,
  before: RunBefore | undefined,
  advanced: { at: number; lastSeq: number; dueAt: number | null },
): void {
  const { at, dueAt } = advanced;
  const staysDue = before?.leaseOwner != null && before.dueAt !== null && dueAt !== null && before.dueAt <= dueAt && dueAt <= at;
  db.run(staysDue ? advanceRun : advanceAndQueueRun, { runId, at, dueAt, lastSeq: advanced.lastSeq, progress: epoch === null ? 0 : 1 });
}

const advanceRun = `
  update runs
  set last_seq = :lastSeq, last_ms = :at, updated_at = :at, deliveries = case when :progress then 0 else deliveries end
  where run_id = :runId`;
const advanceAndQueueRun = `
  update runs
  set last_seq = :lastSeq, last_ms = :at, updated_at = :at, due_at = :dueAt,
      deliveries = case when :progress then 0 else deliveries end
  where run_id = :runId`;

/** True if the run ended with this write. */
function changeStatus(
  db: Connection,
  { runId, status, error, outputEvent }: ExecutionWrite,
  before: RunBefore | undefined,
  { at, firstSeq }: { at: number; firstSeq: number },
): boolean {
  if (status === (before?.status ?? 'pending')) return false;
  if (status === 'pending') return false;
  if (status === 'running') {
    startRun(db, { runId, at });
    return false;
  }
  finishRun(db, { runId, at, status, error, outputSeq: outputEvent === null ? null : firstSeq + outputEvent });
  db.run('delete from token_expiries where run_id = :runId', { runId });
  return true;
}

function cancelChildren(db: Connection, { runId: parentId, cancelChildren: request, now }: ExecutionWrite): string[] {
  if (!request) return [];
  const { cancellation, at } = request;
  return listOpenChildren(db, parentId, request.group).map((child) => {
    const { childId, kind } = child;
    if (kind === 'code') cancelCodeRun(db, { runId: childId, now });
    else if (!requestCancel(db, { runId: childId, cancellation, at })) {
      settleChild(db, { ...child, parentId, status: 'cancelled', output: null, error: null }, now);
    }
    return childId;
  });
}
