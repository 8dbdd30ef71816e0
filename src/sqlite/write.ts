import { resolveRow, resolveSeq } from '../world/written-rows.ts';
import type { Outcomes, WriteAct } from '../world/port.ts';
import type { RunRow } from '../world/rows.ts';
import type { Transition } from '../world/transition.ts';
import type { Connection } from './connection.ts';
import { insertEvent } from './events.ts';
import { getHookOfRun, getTokenHolder, releaseToken, saveHook, takeToken } from './hooks.ts';
import { advanceRun, finishRun, getRun, insertRun, startRun, takeRun } from './runs.ts';
import { getStep, saveStep } from './steps.ts';
import { getWait, saveWait } from './waits.ts';

/** Commits one transition inside the transaction that is open: first every guard, then every row, so that a lost one leaves nothing. */
export function write(db: Connection, { transition, takeRunFor }: WriteAct): Outcomes['write'] {
  const before = getRun(db, transition.runId);
  if (!guardsHold(db, transition, before)) return { kind: 'lost' };

  const lastMs = before?.lastMs ?? 0;
  const at = Math.max(transition.now, transition.external ? lastMs + 1 : lastMs);
  const firstSeq = (before?.lastSeq ?? 0) + 1;
  const { shard, runId } = transition;

  if (transition.run.kind === 'create') insertRun(db, resolveRow(transition.run.row, at, firstSeq));
  for (const [index, event] of transition.events.entries()) {
    insertEvent(db, { ...event, shard, runId, seq: firstSeq + index, createdAt: at });
  }
  for (const row of transition.steps) saveStep(db, resolveRow(row, at, firstSeq));
  for (const row of transition.waits) saveWait(db, resolveRow(row, at, firstSeq));
  for (const row of transition.hooks) saveHook(db, resolveRow(row, at, firstSeq));
  if (transition.takeToken) takeToken(db, { ...transition.takeToken, runId });
  if (transition.releaseToken !== null) releaseToken(db, transition.releaseToken);

  advanceRun(db, {
    shard,
    runId,
    at,
    lastSeq: firstSeq + transition.events.length - 1,
    markerMs: transition.external ? at : (before?.markerMs ?? 0),
    wakeAt: transition.wakeAt,
    progress: !transition.guard.absent && transition.guard.lease && transition.run.kind === 'append' ? 1 : 0,
  });
  changeRun(db, transition, at, firstSeq);

  const taken = takeRunFor && transition.wakeAt !== null ? takeRun(db, { shard, runId, owner: takeRunFor, now: transition.now }) : undefined;
  return { kind: 'written', firstSeq, at, taken };
}

function changeRun(db: Connection, { shard, runId, run }: Transition, at: number, firstSeq: number): void {
  switch (run.kind) {
    case 'create':
    case 'append':
      return;
    case 'start':
      return startRun(db, { shard, runId, at });
    case 'cancelLegacy':
      return finishRun(db, { shard, runId, at, status: 'cancelled', error: null, outputSeq: null });
    case 'finish': {
      const outputSeq = run.outputSeq === null ? null : resolveSeq(run.outputSeq, firstSeq);
      return finishRun(db, { shard, runId, at, status: run.status, error: run.error, outputSeq });
    }
  }
}

function guardsHold(db: Connection, transition: Transition, run: RunRow | undefined): boolean {
  const { guard, runId } = transition;
  if (guard.absent) return run === undefined;
  if (run?.status !== guard.status) return false;
  if (guard.lease && (run.leaseOwner !== guard.lease.owner || run.leaseEpoch !== guard.lease.epoch)) return false;
  if (guard.markerAtMost !== null && run.markerMs > guard.markerAtMost) return false;
  if (transition.steps.some((row) => (getStep(db, runId, row.stepId)?.version ?? 0) !== row.version - 1)) return false;
  if (transition.waits.some((row) => (getWait(db, runId, row.waitId)?.version ?? 0) !== row.version - 1)) return false;
  if (transition.hooks.some((row) => (getHookOfRun(db, runId, row.hookId)?.version ?? 0) !== row.version - 1)) return false;
  const { holdHook, takeToken: wanted } = transition;
  if (holdHook && getHookOfRun(db, runId, holdHook.hookId)?.version !== holdHook.version) return false;
  return !wanted || getTokenHolder(db, wanted.token) === undefined;
}
