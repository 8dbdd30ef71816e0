import type { FlowLoss, FlowOutcome } from '../world/flow-port.ts';
import type { TakenRun } from '../world/rows.ts';
import { fromColumns } from './columns.ts';
import type { FlowBatchAct } from './flow-batch.ts';
import type { StoredFlow } from './flows.ts';

interface Told {
  readonly taken?: object;
  readonly cancelled?: readonly string[];
  readonly woke?: boolean;
  readonly heard?: boolean;
}

/** What the committer of flows says of one act. */
export function decodeFlowOutcome(act: FlowBatchAct, held: boolean, detail: unknown): FlowOutcome {
  switch (act.kind) {
    case 'flowCommit': {
      if (!held) {
        const { why, run_id: runId } = detail as { why: FlowLoss; run_id: string };
        return { kind: 'lost', why, runId };
      }
      const { taken, cancelled = [], woke = false, heard = false } = (detail ?? {}) as Told;
      return {
        kind: 'committed',
        taken: taken && fromColumns<TakenRun>(taken),
        cancelledChildren: cancelled,
        wokeParent: woke,
        heard,
      };
    }
    case 'claimExecution':
      return { kind: 'claimed', epoch: detail === null ? undefined : Number(detail), ownerAlive: held };
    case 'releaseExecution':
      return { kind: 'released', dueAt: detail === null ? null : Number(detail) };
    case 'deleteExecution':
    case 'deleteTrigger':
      return { kind: 'deleted' };
    case 'settleChild':
    case 'settleCode':
      return { kind: 'settled', first: held };
    case 'createToken':
      return { kind: 'created', found: held };
    case 'disposeTokens':
      return { kind: 'disposed', runId: held ? act.locks?.[0]?.runId : undefined };
    case 'saveFlows':
      return { kind: 'saved', existing: (detail as readonly object[]).map((flow) => fromColumns<StoredFlow>(flow)) };
    case 'saveTrigger':
      return { kind: 'saved', held };
    case 'triggerHeard':
      return { kind: 'heard' };
  }
}

/** True if it left work that another process may be waiting for. */
export function concernsOthersOfFlow(act: FlowBatchAct, outcome: FlowOutcome): boolean {
  switch (act.kind) {
    case 'flowCommit': {
      if (outcome.kind !== 'committed') return false;
      const free = act.writes.some(({ dueAt, epoch }) => dueAt !== null && epoch === null);
      const others = outcome.wokeParent || outcome.heard || outcome.cancelledChildren.length > 0 || act.codeRuns.length > 0;
      return others || (free && !(act.writes.length === 1 && outcome.taken !== undefined));
    }
    case 'releaseExecution':
      return outcome.kind === 'released' && outcome.dueAt !== null;
    case 'settleChild':
    case 'settleCode':
    case 'saveTrigger':
      return true;
    default:
      return false;
  }
}
