import {
  EntityConflictError,
  HookNotFoundError,
  PreconditionFailedError,
  RunExpiredError,
  TooEarlyError,
  WorkflowRunNotFoundError,
  WorkflowWorldError,
} from '@workflow/errors';
import { append } from './append.js';
import { isTerminal } from './runs.js';

/** Decides one event and carries it out, all in one turn of the event loop. */
export function applyEvent(runs, runId, data, params) {
  if (data.eventType === 'run_created') return createRun(runs, runId, data);
  if (data.eventType === 'run_started') return startRun(runs, runId, data);
  const state = runs.byId.get(runId);
  if (!state) throw new WorkflowRunNotFoundError(runId);
  return rules[data.eventType](state, data, params, runs);
}

const rules = {
  run_completed(state, data, { stateUpdatedAt }, runs) {
    refuseTerminal(state);
    if (stateUpdatedAt !== undefined && stateUpdatedAt < state.markerMs) throw new PreconditionFailedError('The log has moved on');
    return endRun(runs, state, data, { status: 'completed', output: data.eventData?.output });
  },
  run_failed(state, data, _params, runs) {
    refuseTerminal(state);
    const { error, errorCode } = data.eventData;
    const message = typeof error === 'string' ? error : (error?.message ?? 'Unknown error');
    return endRun(runs, state, data, { status: 'failed', error: { message, stack: error?.stack, code: errorCode } });
  },
  run_cancelled(state, data, _params, runs) {
    if (state.run.status === 'cancelled') return { event: append(state, data), run: { ...state.run } };
    refuseTerminal(state);
    return endRun(runs, state, data, { status: 'cancelled' });
  },

  step_created(state, data) {
    refuseTerminal(state);
    const stepId = data.correlationId;
    if (state.steps.has(stepId)) throw new EntityConflictError(`Step "${stepId}" already exists`);
    const event = append(state, data);
    const { stepName, input } = data.eventData;
    const { specVersion } = data;
    const times = { createdAt: event.createdAt, updatedAt: event.createdAt };
    const step = { runId: state.run.runId, stepId, stepName, status: 'pending', input, attempt: 0, specVersion, ...times };
    state.steps.set(stepId, step);
    return { event, step: { ...step } };
  },
  step_started(state, data) {
    if (isTerminal(state.run)) throw new RunExpiredError('The run is in a terminal state');
    const step = openStep(state, data);
    if (step.retryAfter > Date.now()) {
      throw new TooEarlyError('Too early', { retryAfter: Math.ceil((step.retryAfter - Date.now()) / 1000) });
    }
    const event = append(state, data);
    Object.assign(step, { status: 'running', attempt: step.attempt + 1, retryAfter: undefined, updatedAt: event.createdAt });
    step.startedAt ??= event.createdAt;
    return { event, step: { ...step } };
  },
  step_completed(state, data) {
    const step = openStep(state, data);
    const event = append(state, data, { external: true });
    Object.assign(step, {
      status: 'completed',
      output: data.eventData.result,
      completedAt: event.createdAt,
      updatedAt: event.createdAt,
    });
    return { event, step: { ...step } };
  },
  step_failed(state, data, { stateUpdatedAt }) {
    const step = openStep(state, data);
    const event = append(state, data, { external: stateUpdatedAt === undefined });
    Object.assign(step, { status: 'failed', error: stepError(data), completedAt: event.createdAt, updatedAt: event.createdAt });
    return { event, step: { ...step } };
  },
  step_retrying(state, data) {
    const step = openStep(state, data);
    const event = append(state, data);
    const { retryAfter } = data.eventData;
    Object.assign(step, { status: 'pending', error: stepError(data), retryAfter, updatedAt: event.createdAt });
    return { event, step: { ...step } };
  },

  hook_created(state, data, _params, runs) {
    refuseTerminal(state);
    const hookId = data.correlationId;
    const { token, metadata, isWebhook = false } = data.eventData;
    const known = state.events.some((event) => event.correlationId === hookId);
    if (known) throw new EntityConflictError(`Hook "${hookId}" already exists`);
    const holder = runs.hooksByToken.get(token);
    if (holder) {
      const eventData = { token, conflictingRunId: holder.runId };
      return { event: append(state, { ...data, eventType: 'hook_conflict', eventData }) };
    }
    const event = append(state, data);
    const owner = { ownerId: 'floor', projectId: 'floor', environment: 'floor' };
    const { specVersion } = data;
    const hook = {
      runId: state.run.runId,
      hookId,
      token,
      metadata,
      isWebhook,
      ...owner,
      createdAt: event.createdAt,
      specVersion,
    };
    state.hooks.set(hookId, hook);
    runs.hooksByToken.set(token, hook);
    return { event, hook: { ...hook } };
  },
  hook_received(state, data) {
    if (!state.hooks.has(data.correlationId)) throw new HookNotFoundError(data.correlationId);
    return { event: append(state, data, { external: true }) };
  },
  hook_disposed(state, data, _params, runs) {
    const hook = state.hooks.get(data.correlationId);
    if (!hook) throw new HookNotFoundError(data.correlationId);
    state.hooks.delete(hook.hookId);
    runs.hooksByToken.delete(hook.token);
    return { event: append(state, data) };
  },

  wait_created(state, data) {
    refuseTerminal(state);
    if (state.waits.has(data.correlationId)) throw new EntityConflictError(`Wait "${data.correlationId}" already exists`);
    const event = append(state, data);
    state.waits.set(data.correlationId, { resumeAt: data.eventData.resumeAt, status: 'waiting' });
    return { event };
  },
  wait_completed(state, data, { stateUpdatedAt }) {
    refuseTerminal(state);
    const wait = state.waits.get(data.correlationId);
    if (!wait) throw notFound(`Wait "${data.correlationId}"`);
    if (wait.status === 'completed') throw new EntityConflictError(`Wait "${data.correlationId}" is already completed`);
    wait.status = 'completed';
    return { event: append(state, data, { external: stateUpdatedAt === undefined }) };
  },
};

function createRun(runs, runId, data) {
  if (runs.byId.has(runId)) throw new EntityConflictError(`Run "${runId}" already exists`);
  const { deploymentId, workflowName, input, executionContext } = data.eventData;
  const run = { runId, status: 'pending', deploymentId, workflowName, input, executionContext, specVersion: data.specVersion };
  const state = runs.create(run);
  const event = append(state, data);
  run.createdAt = event.createdAt;
  run.updatedAt = event.createdAt;
  return { event, run: { ...run } };
}

/** Starts a run, or says that it runs; either way with its whole log, so that the SDK need not ask for it. */
function startRun(runs, runId, data) {
  let state = runs.byId.get(runId);
  if (!state) {
    if (data.eventData?.workflowName === undefined) throw new WorkflowRunNotFoundError(runId);
    createRun(runs, runId, { ...data, eventType: 'run_created' });
    state = runs.byId.get(runId);
  }
  const { run } = state;
  if (isTerminal(run)) throw new RunExpiredError('The run is already in terminal state');
  let event;
  if (run.status === 'pending') {
    const { eventData: _input, ...bare } = data;
    event = append(state, bare);
    Object.assign(run, { status: 'running', startedAt: event.createdAt, updatedAt: event.createdAt });
  }
  completeDueWaits(state);
  const events = [...state.events];
  return { event, run: { ...run }, events, cursor: events.at(-1).eventId, hasMore: false };
}

function completeDueWaits(state) {
  for (const [correlationId, wait] of state.waits) {
    if (wait.status !== 'waiting' || wait.resumeAt > Date.now()) continue;
    wait.status = 'completed';
    append(state, { eventType: 'wait_completed', specVersion: 3, correlationId, eventData: { resumeAt: wait.resumeAt } });
  }
}

function endRun(runs, state, data, outcome) {
  const event = append(state, data);
  Object.assign(state.run, outcome, { completedAt: event.createdAt, updatedAt: event.createdAt });
  runs.end(state);
  return { event, run: { ...state.run } };
}

function refuseTerminal({ run }) {
  if (isTerminal(run)) throw new EntityConflictError(`The run is in terminal state "${run.status}" (terminal run)`);
}

function openStep(state, { correlationId }) {
  const step = state.steps.get(correlationId);
  if (!step) throw notFound(`Step "${correlationId}"`);
  if (step.status === 'pending' || step.status === 'running') return step;
  throw new EntityConflictError(`Step "${correlationId}" is in terminal state "${step.status}"`);
}

function stepError({ eventData: { error, stack } }) {
  return { message: typeof error === 'string' ? error : (error?.message ?? 'Unknown error'), stack };
}

function notFound(what) {
  return new WorkflowWorldError(`${what} not found`, { status: 404 });
}
