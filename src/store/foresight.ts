import type { Clock } from '../base/clock.ts';
import { RecentlyUsed } from '../base/recently-used.ts';
import type { AnyAct, AnyOutcome } from '../world/any-act.ts';
import type { Outcomes, SettleAct, WakeAct, WriteAct } from '../world/port.ts';
import type { RunRow, TakenRun } from '../world/rows.ts';
import { resolveRun } from '../world/written-rows.ts';

interface Head {
  /** The run as the last act that this process sent should leave it, if that can be told. */
  row: TakenRun | undefined;
  /** Below zero: others write to the run as well, and so many acts have to come out as expected first. */
  trust: number;
}

interface Step {
  readonly row: TakenRun;
  readonly outcome: Outcomes['write'] | Outcomes['wake'] | Outcomes['settle'];
}

const distrust = -8;

/**
 * Says what an act on a run will come out as if nobody else writes to that run in the meantime: this process knows the row from the last
 * time it was given the run, and what it has sent since. Only acts that make up the plain course of a run are foreseen. It may be wrong,
 * so the outcome has the last word (ADR 17); where it was, others are at work, and for a while nothing is foreseen.
 */
export class Foresight {
  readonly #heads: RecentlyUsed<Head>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#heads = new RecentlyUsed({ maxWeight: 10_000, idleMs: 60_000, clock });
  }

  /** To be called with acts in the order in which they are performed, when they are sent. */
  foresee(act: AnyAct): AnyOutcome | undefined {
    const head = this.#headOf(act);
    if (!head?.row) return undefined;
    const step = stepOf(head.row, act);
    head.row = step?.row;
    return step?.outcome;
  }

  /** Whether what is foreseen of this run may be built on. */
  trusts(act: AnyAct): boolean {
    return this.#headOf(act)?.trust === 0;
  }

  /** What really came of an act, undefined if that is not known; true if it is what was foreseen. */
  learn(act: AnyAct, foreseen: AnyOutcome | undefined, outcome: AnyOutcome | undefined): boolean {
    const head = this.#headOf(act);
    if (foreseen !== undefined && isSame(foreseen, outcome)) {
      if (head) head.trust = Math.min(0, head.trust + 1);
      return true;
    }
    if (head) {
      head.row = undefined;
      if (foreseen !== undefined) head.trust = distrust;
    }
    const given = outcome && 'taken' in outcome ? outcome.taken : undefined;
    // What its waits and messages make due is known to the database alone.
    if (given && given.dueAt === null && given.waitsDue === 0 && given.inboxFull === 0) this.#know(given, head?.trust ?? 0);
    return false;
  }

  #headOf(act: AnyAct): Head | undefined {
    const runId = runOf(act);
    return runId === undefined ? undefined : this.#heads.use(runId);
  }

  #know(row: TakenRun, trust: number): void {
    this.#heads.put(row.runId, { row, trust }, 1);
  }
}

/** Rows are flat, and what is undefined is not there. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => isSame(one[key], other[key]));
}

function runOf(act: AnyAct): string | undefined {
  if (act.kind === 'write') return act.transition.runId;
  if (act.kind === 'wake' || act.kind === 'queueStep') return act.runId;
  if (act.kind === 'enqueue') return act.message.runId ?? undefined;
  return (act.kind === 'settle' || act.kind === 'adopt') && act.of === 'run' ? act.id : undefined;
}

function stepOf(row: TakenRun, act: AnyAct): Step | undefined {
  switch (act.kind) {
    case 'write':
      return afterWrite(row, act);
    case 'wake':
      return afterWake(row, act);
    case 'settle':
      return afterSettle(row, act);
    default:
      return undefined;
  }
}

function afterWrite(row: TakenRun, { transition, takeRunFor }: WriteAct): Step | undefined {
  const { guard, run, now, external, wakeAt } = transition;
  if (guard.absent || (run.kind !== 'append' && run.kind !== 'start') || transition.waits.length > 0) return undefined;
  if (transition.hooks.length > 0 || transition.holdHook || transition.takeToken || transition.releaseToken !== null) return undefined;
  if (guard.status !== row.status || (guard.lease && !isHeld(row, guard.lease))) return undefined;
  if (guard.markerAtMost !== null && row.markerMs > guard.markerAtMost) return undefined;
  const firstSeq = row.lastSeq + 1;
  const at = Math.max(now, row.lastMs + (external ? 1 : 0));
  const written: TakenRun = {
    ...row,
    ...resolveRun(transition, row, { at, firstSeq }),
    markerMs: external ? at : row.markerMs,
    dueAt: earlier(row.dueAt, wakeAt),
    deliveries: guard.lease && run.kind === 'append' ? 0 : row.deliveries,
  };
  const next = wakeAt === null ? written : taken(written, takeRunFor, now);
  return { row: next, outcome: { kind: 'written', firstSeq, at, taken: next === written ? undefined : next } };
}

function afterWake(row: TakenRun, { dueAt, now, takeRunFor }: WakeAct): Step | undefined {
  if (row.status !== 'pending' && row.status !== 'running') return undefined;
  const woken = { ...row, dueAt: earlier(row.dueAt, dueAt) };
  const next = taken(woken, takeRunFor, now);
  return { row: next, outcome: { kind: 'woken', found: true, taken: next === woken ? undefined : next } };
}

function afterSettle(row: TakenRun, { lease, result, now, takeRunFor, inbox }: SettleAct): Step | undefined {
  if (!isHeld(row, lease) || inbox.length > 0 || (result.kind !== 'done' && result.kind !== 'again')) return undefined;
  const settled = { ...row, leaseOwner: null, deliveries: 0, dueAt: earlier(row.dueAt, result.kind === 'done' ? null : result.dueAt) };
  const next = taken(settled, takeRunFor, now);
  return { row: next, outcome: { kind: 'settled', held: true, taken: next === settled ? undefined : next } };
}

/** As every store gives a due run to a worker. */
function taken(row: TakenRun, takeRunFor: string | null, now: number): TakenRun {
  if (takeRunFor === null || row.leaseOwner !== null || row.dueAt === null || row.dueAt > now) return row;
  return { ...row, leaseOwner: takeRunFor, leaseEpoch: row.leaseEpoch + 1, deliveries: row.deliveries + 1, dueAt: null };
}

function isHeld({ leaseOwner, leaseEpoch }: RunRow, lease: { readonly owner: string; readonly epoch: number }): boolean {
  return leaseOwner === lease.owner && leaseEpoch === lease.epoch;
}

function earlier(a: number | null, b: number | null): number | null {
  const instant = b === null ? null : Math.ceil(b);
  return a === null || instant === null ? (a ?? instant) : Math.min(a, instant);
}
