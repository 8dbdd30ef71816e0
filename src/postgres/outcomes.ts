import { claimedByTheDead, type ClaimedStep, type Claims, type Outcome, type Outcomes } from '../world/port.ts';
import type { MessageRow, RunRow, StepRow, TakenRun } from '../world/rows.ts';
import type { BatchAct } from './batch.ts';
import { fromColumns } from './columns.ts';
import type { FlowOutcome } from '../world/flow-port.ts';
import { isFlowBatchAct } from './flow-batch.ts';
import { concernsOthersOfFlow, decodeFlowOutcome } from './flow-outcomes.ts';

/** What the committer says of one act; null instead of `held`: another transaction has its run. */
export interface OutcomeRow {
  readonly act: number;
  readonly held: boolean | null;
  readonly seq: number | null;
  readonly at: number | null;
  readonly detail: unknown;
  readonly bytes: Buffer | null;
}

export function decodeOutcome(act: BatchAct, { held, seq, at, detail, bytes }: OutcomeRow): Outcome | FlowOutcome {
  if (isFlowBatchAct(act)) return decodeFlowOutcome(act, held === true, detail);
  switch (act.kind) {
    case 'write': {
      // A run that ends is not taken; what is said of it then is for `parentOf`.
      const taken = act.transition.wakeAt === null ? undefined : takenRunOf(detail);
      if (held) return { kind: 'written', firstSeq: Number(seq), at: Number(at), taken };
      return detail === 'dead' ? { kind: 'ownerDead' } : { kind: 'lost' };
    }
    case 'wake':
      return { kind: 'woken', found: held === true, taken: takenRunOf(detail) };
    case 'enqueue':
      return { kind: 'enqueued', messageId: String(detail) };
    case 'queueStep':
      return { kind: 'queued', found: held === true };
    case 'claim':
      return held ? claimed(detail as ClaimedRows, bytes) : claimedByTheDead;
    case 'settle':
      return { kind: 'settled', held: held === true, taken: act.of === 'run' && act.takeRunFor !== null ? takenRunOf(detail) : undefined };
    case 'adopt':
      return { kind: 'adopted', held: held === true, ownerAlive: detail !== false };
    case 'append':
      return { kind: 'appended', chunkCount: Number(seq) };
    case 'heartbeat':
      return { kind: 'alive', known: held === true };
    case 'reap':
      return { kind: 'reaped', workers: detail as string[], deliveries: Number(seq) };
    case 'leave':
      return { kind: 'left' };
    case 'sweepStreams':
      return { kind: 'swept', streams: Number(seq) };
  }
}

/** The execution that waits for the run which a write has ended, and has to be told. */
export function parentOf(act: BatchAct, { held, detail }: OutcomeRow): string | undefined {
  if (act.kind !== 'write' || !held || act.transition.wakeAt !== null) return undefined;
  return (detail as { child_of?: string } | null)?.child_of;
}

/** True if it left work, or something to read, that another process may be waiting for. */
export function concernsOthers(act: BatchAct, outcome: Outcome | FlowOutcome): boolean {
  if (isFlowBatchAct(act)) return concernsOthersOfFlow(act, outcome as FlowOutcome);
  switch (act.kind) {
    case 'append':
    case 'enqueue':
    case 'leave':
      return true;
    case 'write':
      if (outcome.kind !== 'written') return false;
      return (
        (act.transition.wakeAt !== null && !outcome.taken) ||
        act.transition.steps.some(({ dueAt, leaseOwner }) => dueAt !== null && leaseOwner === null)
      );
    case 'wake':
      return outcome.kind === 'woken' && outcome.found && !outcome.taken;
    case 'queueStep':
      return outcome.kind === 'queued' && outcome.found;
    case 'settle':
      return act.result.kind === 'release';
    case 'reap':
      return outcome.kind === 'reaped' && outcome.deliveries > 0;
    default:
      return false;
  }
}

function takenRunOf(detail: unknown): TakenRun | undefined {
  return detail ? fromColumns<TakenRun>(detail) : undefined;
}

interface ClaimedRows {
  readonly next_due_at: number | null;
  readonly runs: readonly object[] | null;
  readonly steps: readonly { readonly step: object; readonly run: object }[] | null;
  readonly messages: readonly (object & { readonly size: number })[] | null;
}

function claimed({ runs, steps, messages, next_due_at: nextDueAt }: ClaimedRows, bytes: Buffer | null): Outcomes['claim'] {
  let start = 0;
  const claims: Claims = {
    runs: (runs ?? []).map((run) => fromColumns<TakenRun>(run)),
    steps: (steps ?? []).map(({ step, run }): ClaimedStep => ({
      birth: null,
      step: fromColumns<StepRow>(step),
      run: fromColumns<RunRow>(run),
    })),
    messages: (messages ?? []).map(({ size, ...message }) => {
      const payload = new Uint8Array(bytes?.subarray(start, start + size) ?? []);
      start += size;
      return { ...fromColumns<MessageRow>(message), payload };
    }),
  };
  return { kind: 'claimed', claims, nextDueAt: nextDueAt ?? undefined, ownerAlive: true };
}
