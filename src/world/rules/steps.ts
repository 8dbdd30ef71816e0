import { conflict, leaseLost, notFound, runExpired, tooEarly } from '../errors.ts';
import type { State } from '../port.ts';
import { isStepTerminal, isTerminal, type RunRow, type StepRow } from '../rows.ts';
import { atCommit, seqOfEvent } from '../transition.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { inStoreTime } from './store-time.ts';
import { assertNotTerminal } from './terminal.ts';
import { eventOf, onRun, structuredError, worldEvent } from './transitions.ts';

/**
 * step_created: the step row is its own message, due at once. Where a worker of this process takes it in the same act, it is started in it
 * too: the first attempt is in the log before its body runs, as always, and costs no commit of its own (K5).
 */
export function createStep(request: EventRequest, { run, step }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  assertNotTerminal(live, 'create new entities');
  if (step) throw conflict(`Step "${request.correlationId}" of run "${live.runId}" already exists.`);
  const version = request.specVersion ?? live.specVersion;
  const bornTo = context.bearStepFor;
  const row: StepRow = {
    shard: live.shard,
    runId: live.runId,
    stepId: request.correlationId,
    namespace: live.namespace,
    stepName: String(request.data['stepName']),
    status: bornTo ? 'running' : 'pending',
    specVersion: version,
    attempt: bornTo ? 1 : 0,
    error: null,
    inputSeq: seqOfEvent(0),
    outputSeq: null,
    createdAt: atCommit,
    updatedAt: atCommit,
    startedAt: bornTo ? atCommit : null,
    completedAt: null,
    retryAfter: null,
    message: null,
    dueAt: context.now,
    leaseOwner: bornTo,
    leaseEpoch: bornTo ? 1 : 0,
    deliveries: bornTo ? 1 : 0,
    version: 1,
  };
  const started = bornTo ? [worldEvent('step_started', row.stepId, version, { stepName: row.stepName })] : [];
  return { kind: 'commit', transition: onRun(live, context, { events: [eventOf(request), ...started], steps: [row] }) };
}

/** step_started: legal again on a running step (its worker died), and counts an attempt each time. */
export function startStep(request: EventRequest, { run, step }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  // A run that ended while it suspended refused to create the step, and the SDK queued it all the same: that message is to be dropped.
  if (!step && isTerminal(live.status)) throw runExpired(live.runId, live.status);
  const current = knownStep(request, step);
  if (isStepTerminal(current.status)) throw terminalStep(current);
  if (isTerminal(live.status)) throw runExpired(live.runId, live.status);
  if (current.retryAfter !== null && current.retryAfter > context.now) throw tooEarly(current.stepId, current.retryAfter, context.now);
  return change(request, live, current, context, {
    status: 'running',
    attempt: current.attempt + 1,
    startedAt: current.startedAt ?? atCommit,
    retryAfter: null,
  });
}

/** step_completed: recorded even after the run has ended; the wake of the run is part of the same act (K2). */
export function completeStep(request: EventRequest, state: State, context: RuleContext): Decision {
  return endStep(request, state, context, { status: 'completed', outputSeq: seqOfEvent(0), error: null });
}

export function failStep(request: EventRequest, state: State, context: RuleContext): Decision {
  const current = state.step;
  const live = state.run as RunRow;
  if (current?.status === 'pending' && isTerminal(live.status)) {
    throw conflict(`Cannot fail step "${current.stepId}": run "${live.runId}" is in terminal state "${live.status}" (terminal run).`);
  }
  return endStep(request, state, context, { status: 'failed', error: structuredError(request.data['error'], request.data['stack']) });
}

/** step_retrying: pending again and due at `retryAfter`; without one, whoever delivers it says when. */
export function retryStep(request: EventRequest, { run, step }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  const current = openStep(request, step);
  const at = request.data['retryAfter'];
  const retryAfter = at instanceof Date ? inStoreTime(at.getTime(), context) : null;
  const released = retryAfter === null ? {} : { dueAt: retryAfter, leaseOwner: null, deliveries: 0 };
  return change(request, live, current, context, {
    status: 'pending',
    retryAfter,
    error: structuredError(request.data['error'], request.data['stack']),
    ...(isTerminal(live.status) ? ended : released),
  });
}

const ended = { dueAt: null, leaseOwner: null, deliveries: 0 } as const;

function endStep(request: EventRequest, { run, step }: State, context: RuleContext, end: Partial<StepRow>): Decision {
  const live = run as RunRow;
  const current = openStep(request, step);
  // A finished step is nobody's message any more: its lease ends with it, and no further settling is needed.
  const decision = change(request, live, current, context, { ...end, ...ended, completedAt: atCommit });
  if (decision.kind !== 'commit') return decision;
  return {
    kind: 'commit',
    transition: {
      ...decision.transition,
      external: request.params.stateUpdatedAt === undefined,
      wakeAt: isTerminal(live.status) ? null : context.now,
    },
  };
}

function change(request: EventRequest, run: RunRow, step: StepRow, context: RuleContext, fields: Partial<StepRow>): Decision {
  const { stepLease } = context;
  if (stepLease && (step.leaseOwner !== stepLease.owner || step.leaseEpoch !== stepLease.epoch)) {
    throw leaseLost(`step "${step.stepId}" of run "${run.runId}"`);
  }
  const next: StepRow = { ...step, ...fields, updatedAt: atCommit, version: step.version + 1 };
  return { kind: 'commit', transition: onRun(run, context, { events: [eventOf(request)], steps: [next] }) };
}

function knownStep(request: EventRequest, step: StepRow | undefined): StepRow {
  if (!step) throw notFound(`Step "${request.correlationId}" of run "${request.runId}"`);
  return step;
}

function openStep(request: EventRequest, step: StepRow | undefined): StepRow {
  const current = knownStep(request, step);
  if (isStepTerminal(current.status)) throw terminalStep(current);
  return current;
}

function terminalStep(step: StepRow) {
  return conflict(`Step "${step.stepId}" of run "${step.runId}" is already in terminal state "${step.status}".`);
}
