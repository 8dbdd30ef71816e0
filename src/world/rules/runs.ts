import { encodeFields } from '../../base/codec.ts';
import { ulidTime } from '../../base/ulid.ts';
import { badRequest, conflict, runExpired, runNotFound, stale } from '../errors.ts';
import { checkName } from '../names.ts';
import type { State } from '../port.ts';
import { isTerminal, type RunRow, type WaitRow } from '../rows.ts';
import { shardOf } from '../shard.ts';
import { atCommit, type NewEvent, seqOfEvent, type Transition } from '../transition.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { lastLegacySpecVersion, specVersion } from './spec-version.ts';
import { bareEventOf, blank, eventOf, guardRun, onRun, structuredError, worldEvent } from './transitions.ts';
import { completeWait } from './waits.ts';

const oldestIdMs = 24 * 3_600_000;
const newestIdMs = 5 * 60_000;

/** run_created: the run, its first event and its first wake are one act, so that no run is ever left without a message (K2). */
export function createRun(request: EventRequest, { run }: State, context: RuleContext): Decision {
  if (run) throw conflict(`Run "${request.runId}" already exists.`);
  assertRecent(request.runId, context);
  const row = newRun(request, context, 'pending');
  return {
    kind: 'commit',
    transition: {
      ...blank(row.shard, row.runId, context.now),
      run: { kind: 'create', row },
      events: [eventOf(request)],
      // A run of another protocol is stored for the tools that read it, and never delivered.
      wakeAt: isSupported(row.specVersion) ? context.now : null,
    },
  };
}

/**
 * The same for a run that a worker of this process takes in that act: it is started in it too, as a step is (ADR 7), so that its first delivery
 * finds it running and costs no commit of its own.
 */
export function startedAtBirth(creation: Transition): Transition {
  const { run, events } = creation;
  if (run.kind !== 'create' || run.row.status !== 'pending') return creation;
  const started: NewEvent = {
    type: 'run_started',
    correlationId: null,
    specVersion: run.row.specVersion,
    occurredAt: null,
    meta: null,
    payload: null,
  };
  return {
    ...creation,
    run: { kind: 'create', row: { ...run.row, status: 'running', startedAt: atCommit } },
    events: [...events, started],
  };
}

/**
 * run_started. On a running run nothing is appended and the log is returned all the same; a missing run is created from what the queue
 * carried (B7), its `run_created` first. Waits that are due are completed here, so that the replay sees them at once (K4).
 */
export function startRun(request: EventRequest, { run, openWaits = [] }: State, context: RuleContext): Decision {
  if (!run) return createStartedRun(request, context);
  if (isTerminal(run.status)) throw runExpired(run.runId, run.status);
  const waits = context.runLease ? openWaits : [];
  const due = waits.filter(({ dueAt }) => dueAt <= context.now);
  const wakeAt = unheardWake(waits, run, context);
  if (run.status === 'running' && due.length === 0 && wakeAt === null) return { kind: 'unchanged', eventSeq: null };

  const starts = run.status === 'pending';
  const completions = due.map((wait) => completeWait(wait));
  return {
    kind: 'commit',
    transition: onRun(run, context, {
      run: { kind: starts ? 'start' : 'append' },
      events: [...(starts ? [bareEventOf(request)] : []), ...due.map(waitCompletedEvent)],
      waits: completions,
      wakeAt,
    }),
  };
}

/**
 * When the first wait ends for which nobody would wake the run any more: the clock that gave the run away was ahead of this one, or has been
 * set back since. While a run is leased its due time is that of the first wait which was not due by that clock.
 */
function unheardWake(waits: readonly WaitRow[], run: RunRow, { now }: RuleContext): number | null {
  const unheard = waits.filter(({ dueAt }) => dueAt > now && (run.dueAt === null || dueAt < run.dueAt));
  return unheard.length === 0 ? null : Math.min(...unheard.map(({ dueAt }) => dueAt));
}

export function completeRun(request: EventRequest, { run }: State, context: RuleContext): Decision {
  const live = activeRun(request, run);
  const { stateUpdatedAt } = request.params;
  const guarded = stateUpdatedAt !== undefined && !context.waiveStaleness;
  if (guarded && stateUpdatedAt < live.markerMs) throw stale(live.runId);
  return {
    kind: 'commit',
    transition: onRun(live, context, {
      guard: guardRun(live, context, guarded ? stateUpdatedAt : null),
      run: { kind: 'finish', status: 'completed', error: null, outputSeq: seqOfEvent(0) },
      events: [eventOf(request)],
    }),
  };
}

export function failRun(request: EventRequest, { run }: State, context: RuleContext): Decision {
  const live = activeRun(request, run);
  const { error, errorCode, stack } = request.data;
  return {
    kind: 'commit',
    transition: onRun(live, context, {
      run: { kind: 'finish', status: 'failed', error: structuredError(error, stack, errorCode), outputSeq: null },
      events: [eventOf(request)],
    }),
  };
}

/** run_cancelled: repeating it is recorded once more and changes nothing. It comes from outside, so no lease is asked for. */
export function cancelRun(request: EventRequest, { run }: State, context: RuleContext): Decision {
  if (!run) throw runNotFound(request.runId);
  const outside = { ...context, runLease: null };
  if (run.status === 'cancelled') {
    return { kind: 'commit', transition: onRun(run, outside, { events: [eventOf(request)] }) };
  }
  const live = activeRun(request, run);
  return {
    kind: 'commit',
    transition: onRun(live, outside, {
      run: { kind: 'finish', status: 'cancelled', error: null, outputSeq: null },
      events: [eventOf(request)],
    }),
  };
}

function createStartedRun(request: EventRequest, context: RuleContext): Decision {
  const { deploymentId, workflowName } = request.data;
  if (!deploymentId || !workflowName || request.payload === null) throw runNotFound(request.runId);
  checkName('eventData.deploymentId', deploymentId, request.type);
  checkName('eventData.workflowName', workflowName, request.type);
  const row = newRun(request, context, 'running');
  return {
    kind: 'commit',
    transition: {
      ...blank(row.shard, row.runId, context.now),
      run: { kind: 'create', row },
      events: [{ ...eventOf(request), type: 'run_created' }, bareEventOf(request)],
      // Under no lease: whoever starts a run by hand still wants it delivered.
      wakeAt: context.now,
    },
  };
}

function newRun(request: EventRequest, context: RuleContext, status: 'pending' | 'running'): RunRow {
  const { deploymentId, workflowName, executionContext } = request.data;
  return {
    shard: shardOf(request.runId),
    runId: request.runId,
    namespace: context.namespace,
    status,
    deploymentId: String(deploymentId),
    workflowName: String(workflowName),
    specVersion: request.specVersion ?? specVersion,
    executionContext: executionContext === undefined ? null : encodeFields(executionContext as Record<string, unknown>),
    encryptionKeyId: context.encryptionKeyId,
    error: null,
    inputSeq: seqOfEvent(0),
    outputSeq: null,
    createdAt: atCommit,
    updatedAt: atCommit,
    startedAt: status === 'running' ? atCommit : null,
    completedAt: null,
    expiredAt: null,
    lastSeq: 0,
    lastMs: 0,
    markerMs: 0,
    dueAt: null,
    leaseOwner: null,
    leaseEpoch: 0,
    deliveries: 0,
  };
}

/**
 * The time in a client's run id must be about now, or ids could be made to sort anywhere; ids that are no ULID carry none (B4, J3). The SDK
 * makes them by the clock of its host, wrong as that may be.
 */
function assertRecent(runId: string, { now, hostNow }: RuleContext): void {
  const time = ulidTime(runId.replace(/^wrun_/, ''));
  if (time === undefined || [now, hostNow].some((at) => time >= at - oldestIdMs && time <= at + newestIdMs)) return;
  throw badRequest(
    `The timestamp in runId "${runId}" is ${new Date(time).toISOString()}: it must lie within the last 24 hours and at most 5 minutes ahead.`,
  );
}

function isSupported(version: number): boolean {
  return version > lastLegacySpecVersion && version <= specVersion;
}

function activeRun(request: EventRequest, run: RunRow | undefined): RunRow {
  if (!run) throw runNotFound(request.runId);
  if (isTerminal(run.status)) throw conflict(`Cannot transition run "${run.runId}" from terminal state "${run.status}" (terminal run).`);
  return run;
}

function waitCompletedEvent(wait: WaitRow): NewEvent {
  return worldEvent('wait_completed', wait.waitId, wait.specVersion, { resumeAt: new Date(wait.resumeAt) });
}
