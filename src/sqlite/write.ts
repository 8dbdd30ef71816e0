import type { Outcomes, WriteAct } from '../world/port.ts';
import type { Transition } from '../world/transition.ts';
import { resolveRow, resolveSeq } from '../world/written-rows.ts';
import type { Connection } from './connection.ts';
import { insertEvents } from './events.ts';
import { getHookOfRun, releaseToken, saveHook, takeToken } from './hooks.ts';
import { advanceRun, finishRun, getRunGuard, insertRun, type RunGuardColumns, startRun, takeRun } from './runs.ts';
import { saveStep } from './steps.ts';
import { saveWait } from './waits.ts';

/**
 * Commits one transition inside the transaction that is open, or writes nothing: what has a guard goes first, and if one of several fails
 * after another was written, the savepoint takes it back.
 */
export function write(db: Connection, act: WriteAct): Outcomes['write'] {
  const { transition } = act;
  const before = getRunGuard(db, transition);
  if (!runGuardHolds(transition, before)) return { kind: 'lost' };
  if (guardedRows(transition) <= 1) return writeGuarded(db, act, before) ?? { kind: 'lost' };

  db.exec('savepoint guarded');
  const written = writeGuarded(db, act, before);
  db.exec(written ? 'release guarded' : 'rollback to guarded; release guarded');
  return written ?? { kind: 'lost' };
}

function writeGuarded(db: Connection, { transition, takeRunFor }: WriteAct, before: RunGuardColumns | undefined) {
  const { shard, runId } = transition;
  const lastMs = before?.lastMs ?? 0;
  const at = Math.max(transition.now, transition.external ? lastMs + 1 : lastMs);
  const firstSeq = (before?.lastSeq ?? 0) + 1;
  if (!saveGuarded(db, transition, at, firstSeq)) return undefined;

  if (transition.run.kind === 'create') insertRun(db, resolveRow(transition.run.row, at, firstSeq));
  insertEvents(db, transition.events, { shard, runId, seq: firstSeq, createdAt: at });
  if (transition.releaseToken !== null) releaseToken(db, transition.releaseToken);
  advanceRun(db, {
    runId,
    at,
    lastSeq: firstSeq + transition.events.length - 1,
    markerMs: transition.external ? at : (before?.markerMs ?? 0),
    wakeAt: transition.wakeAt,
    progress: !transition.guard.absent && transition.guard.lease && transition.run.kind === 'append' ? 1 : 0,
  });
  changeRun(db, transition, at, firstSeq);
  const taken = takeRunFor && transition.wakeAt !== null ? takeRun(db, { runId, owner: takeRunFor, now: transition.now }) : undefined;
  return { kind: 'written', firstSeq, at, taken } as const;
}

/** False if a row was no longer as the rule saw it. */
function saveGuarded(db: Connection, transition: Transition, at: number, firstSeq: number): boolean {
  const { runId, takeToken: token, holdHook } = transition;
  if (token && !takeToken(db, { ...token, runId })) return false;
  if (holdHook && getHookOfRun(db, runId, holdHook.hookId)?.version !== holdHook.version) return false;
  return (
    transition.steps.every((row) => saveStep(db, resolveRow(row, at, firstSeq))) &&
    transition.waits.every((row) => saveWait(db, resolveRow(row, at, firstSeq))) &&
    transition.hooks.every((row) => saveHook(db, resolveRow(row, at, firstSeq)))
  );
}

function changeRun(db: Connection, { runId, run }: Transition, at: number, firstSeq: number): void {
  switch (run.kind) {
    case 'create':
    case 'append':
      return;
    case 'start':
      return startRun(db, { runId, at });
    case 'cancelLegacy':
      return finishRun(db, { runId, at, status: 'cancelled', error: null, outputSeq: null });
    case 'finish': {
      const outputSeq = run.outputSeq === null ? null : resolveSeq(run.outputSeq, firstSeq);
      return finishRun(db, { runId, at, status: run.status, error: run.error, outputSeq });
    }
  }
}

function runGuardHolds({ guard }: Transition, run: RunGuardColumns | undefined): boolean {
  if (guard.absent) return run === undefined;
  if (run?.status !== guard.status) return false;
  if (guard.lease && (run.leaseOwner !== guard.lease.owner || run.leaseEpoch !== guard.lease.epoch)) return false;
  return guard.markerAtMost === null || run.markerMs <= guard.markerAtMost;
}

function guardedRows({ steps, waits, hooks, takeToken: token }: Transition): number {
  return steps.length + waits.length + hooks.length + (token ? 1 : 0);
}
