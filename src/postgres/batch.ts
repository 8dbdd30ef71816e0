import type { Act, AuditAct, ClaimAct, LeaveAct, PruneAct, ReapAct, SettleAct, WithdrawAct } from '../world/port.ts';
import { bornTo, type Transition } from '../world/transition.ts';
import { encodeClaimFilter } from './claim.ts';
import { toColumns } from './columns.ts';
import { encodeFlows, type FlowBatchAct, isFlowBatchAct, runsOfFlow } from './flow-batch.ts';
import { Payloads, upTo } from './payloads.ts';

/** A prune is no part of a batch, nor is a line of the audit log, or what takes a message back: nothing that somebody waits for is to wait for them. */
export type BatchAct = WorldAct | FlowBatchAct;
type WorldAct = Exclude<Act, PruneAct | AuditAct | WithdrawAct | Scattered> | (Scattered & OnOneShard);
type Scattered = ClaimAct | ReapAct | LeaveAct;

/** Where each shard is asked by itself (Citus): which, and at the end to forget those who hold nothing any more. */
interface OnOneShard {
  readonly shard?: number;
  readonly forget?: true;
}

/** Acts as the committer takes them (migrations/0002_commit_v1.sql says what each part is). */
export interface Batch {
  readonly shards: readonly number[];
  readonly runs: readonly string[];
  readonly acts: string;
  readonly bytes: Buffer;
}

interface EncodedAct {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/**
 * Puts acts into the order in which every process takes its locks: runs by key, then streams, then keyed messages, then workers, and claims
 * last, because they only take what nobody has. Acts on one run or stream stay in the order in which they came.
 */
export function encodeBatch(acts: readonly BatchAct[], { citus }: { readonly citus: boolean }): Batch {
  const runs = [...new Map(acts.flatMap(runsOf).map((run) => [run.runId, run])).values()].sort(
    (a, b) => a.shard - b.shard || compare(a.runId, b.runId),
  );
  const places = new Map(runs.map(({ runId }, index) => [runId, index + 1]));
  const payloads = new Payloads();
  const flows = acts.flatMap((act, index) => (isFlowBatchAct(act) ? [{ act, index }] : []));
  const ordered = acts
    .flatMap((act, index) =>
      isFlowBatchAct(act) ? [] : [{ act, index, run: places.get(runsOf(act)[0]?.runId ?? '') ?? 0, order: lockOrder(act) }],
    )
    .sort((a, b) => rank(a.run) - rank(b.run) || compare(a.order, b.order) || a.index - b.index);
  const encoded: EncodedAct[] = ordered.map(({ act, index, run }) => ({ act: index, run, ...encodeAct(act, payloads) }));
  // Flows write rows of runs themselves: after all that is folded over them.
  const firstLoose = ordered.findIndex(({ run }) => run === 0);
  encoded.splice(firstLoose < 0 ? encoded.length : firstLoose, 0, ...encodeFlows(flows, { places, payloads, citus }));
  return {
    shards: runs.map(({ shard }) => shard),
    runs: runs.map(({ runId }) => runId),
    acts: wellFormed(JSON.stringify([...encoded, { kind: 'end', run: 0 }])),
    bytes: payloads.joined(),
  };
}

/** The runs whose rows an act reads or changes, so that they have to be locked for it; those that wait for a lock go together by the first. */
export function runsOf(act: BatchAct): { readonly shard: number; readonly runId: string }[] {
  if (isFlowBatchAct(act)) return runsOfFlow(act);
  switch (act.kind) {
    case 'write':
      return [act.transition];
    case 'wake':
    case 'queueStep':
      return [act];
    case 'enqueue':
      return act.wakeRunAt === null || act.message.runId === null ? [] : [{ shard: act.message.shard, runId: act.message.runId }];
    case 'settle':
    case 'adopt':
      return act.of === 'message' ? [] : [{ shard: act.shard, runId: String(act.of === 'run' ? act.id : act.runId) }];
    default:
      return [];
  }
}

function rank(run: number): number {
  return run === 0 ? Infinity : run;
}

/** Where two acts without a run could wait for each other, the same order everywhere. */
function lockOrder(act: WorldAct): string {
  switch (act.kind) {
    case 'append':
      return `1 ${act.shard} ${act.name}`;
    case 'enqueue':
      return `2 ${act.message.shard} ${act.message.idempotencyKey ?? ''}`;
    case 'settle':
    case 'adopt':
      return `3 ${act.id}`;
    case 'claim':
      return '9';
    default:
      return '4';
  }
}

function encodeAct(act: WorldAct, payloads: Payloads): EncodedAct {
  switch (act.kind) {
    case 'write':
      return {
        kind: 'write',
        ...encodeTransition(act.transition, payloads),
        take_for: act.transition.wakeAt === null ? null : act.takeRunFor,
        holder: bornTo(act.transition) ?? undefined,
      };
    case 'wake':
      return { kind: 'wake', shard: act.shard, run_id: act.runId, now: act.now, wake_at: upTo(act.dueAt), take_for: act.takeRunFor };
    case 'enqueue': {
      const { payload, ...message } = act.message;
      const detail = { ...toColumns({ ...message, dueAt: upTo(message.dueAt) }), ...payloads.add(payload) };
      return { kind: 'enqueue', wake_at: message.runId === null ? null : upTo(act.wakeRunAt), detail };
    }
    case 'queueStep': {
      const { shard, runId, stepId, message, dueAt } = act;
      return { kind: 'queueStep', detail: { shard, run_id: runId, id: stepId, message, due_at: upTo(dueAt) } };
    }
    case 'claim': {
      const { owner, now, filter, limits, from, until } = act;
      return { kind: 'claim', holder: owner, detail: { shard: act.shard, owner, now, from, until, ...encodeClaimFilter(filter, limits) } };
    }
    case 'settle':
      return encodeSettle(act);
    case 'adopt': {
      const { of, shard, runId, id, lease, owner: heir } = act;
      if (of === 'run') return { kind: 'adoptRun', holder: heir, shard, run_id: id, lease_owner: lease.owner, lease_epoch: lease.epoch };
      return { kind: of === 'step' ? 'adoptStep' : 'adoptMessage', holder: heir, detail: { shard, run_id: runId, id, ...lease, heir } };
    }
    case 'append': {
      const { shard, name, runId, chunks, close, now } = act;
      const [first, ...rest] = chunks.map((chunk) => payloads.add(chunk));
      const sizes = first ? [first, ...rest].map(({ size }) => size) : [];
      return {
        kind: 'append',
        detail: { shard, id: name, run_id: runId, start: first?.start ?? 1, sizes, closed_at: close ? now : null, now },
      };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', detail: { id: act.workerId, lease_ms: act.leaseMs, ...(act.register && toColumns(act.register)) } };
    case 'reap':
      return { kind: 'reap', detail: { now: act.now, shard: act.shard, forget: act.forget } };
    case 'leave':
      return { kind: 'leave', detail: { id: act.workerId, now: act.now, shard: act.shard, forget: act.forget } };
    case 'sweepStreams':
      return { kind: 'sweepStreams', detail: { id: act.namePrefix, before: act.before } };
  }
}

function encodeTransition(transition: Transition, payloads: Payloads): Record<string, unknown> {
  const { guard, run, holdHook, takeToken } = transition;
  return {
    shard: transition.shard,
    run_id: transition.runId,
    now: transition.now,
    ...(guard.absent
      ? { absent: true }
      : {
          absent: false,
          status: guard.status,
          lease_owner: guard.lease?.owner,
          lease_epoch: guard.lease?.epoch,
          marker_at_most: guard.markerAtMost,
        }),
    ...encodeChange(run),
    external: transition.external,
    wake_at: upTo(transition.wakeAt),
    events: transition.events.map(({ payload, ...event }, place) => ({
      ...toColumns(event),
      place,
      ...(payload === null ? {} : payloads.add(payload)),
    })),
    steps: rowsOf(transition.steps),
    waits: rowsOf(transition.waits),
    hooks: rowsOf(transition.hooks),
    hold_hook: holdHook?.hookId,
    hold_version: holdHook?.version,
    take_token: takeToken?.token,
    token_hook: takeToken?.hookId,
    release_token: transition.releaseToken,
  };
}

function encodeChange(run: Transition['run']): Record<string, unknown> {
  switch (run.kind) {
    case 'create':
      return { change: 'create', run_row: toColumns(run.row) };
    case 'append':
    case 'start':
      return { change: run.kind };
    case 'finish':
      return { change: run.status, error: run.error, output_seq: run.outputSeq };
    case 'cancelLegacy':
      return { change: 'cancelled', error: null, output_seq: null };
  }
}

function rowsOf(rows: readonly object[]): object[] | undefined {
  return rows.length === 0 ? undefined : rows.map(toColumns);
}

function encodeSettle({ of, shard, runId, id, lease, now, result, takeRunFor, inbox }: SettleAct): EncodedAct {
  const dueAt = result.kind === 'done' ? null : upTo(result.dueAt);
  if (of !== 'run') {
    return {
      kind: of === 'step' ? 'settleStep' : 'settleMessage',
      detail: { shard, run_id: runId, id, owner: lease.owner, epoch: lease.epoch, due_at: dueAt, result: result.kind },
    };
  }
  return {
    kind: 'settleRun',
    shard,
    run_id: id,
    now,
    lease_owner: lease.owner,
    lease_epoch: lease.epoch,
    wake_at: dueAt,
    change: result.kind === 'retry' && result.postpones ? 'postpone' : result.kind,
    take_for: takeRunFor,
    detail: inbox.length === 0 ? undefined : inbox,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const loneSurrogate = /\\u[dD][89a-fA-F]/;

/** Half a surrogate pair, which JSON can write and a database cannot keep, becomes the character that stands for what is unreadable. */
function wellFormed(json: string): string {
  if (!loneSurrogate.test(json)) return json;
  return JSON.stringify(JSON.parse(json, (_, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value)));
}
