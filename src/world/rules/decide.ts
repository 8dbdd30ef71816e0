import { RunNotSupportedError } from '@workflow/errors';
import { runNotFound } from '../errors.ts';
import type { State } from '../port.ts';
import { createHook, disposeHook, receiveHook } from './hooks.ts';
import { changeLegacyRun } from './legacy.ts';
import { lastLegacySpecVersion, specVersion } from './spec-version.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { cancelRun, completeRun, createRun, failRun, startRun } from './runs.ts';
import { completeStep, createStep, failStep, retryStep, startStep } from './steps.ts';
import { createWait, finishWait } from './waits.ts';

/**
 * The rules of the World: what an event does to a run, or the error that refuses it (spec/world.md B4). Pure: the same request, state and
 * context always give the same decision, which a store then commits under its guards.
 */
export function decide(request: EventRequest, state: State, context: RuleContext): Decision {
  if (request.type === 'run_created') return createRun(request, state, context);
  if (state.run) {
    if (state.run.specVersion > specVersion) throw new RunNotSupportedError(state.run.specVersion, specVersion);
    if (state.run.specVersion <= lastLegacySpecVersion) return changeLegacyRun(request, state.run, context);
  }
  switch (request.type) {
    case 'run_started':
      return startRun(request, state, context);
    case 'run_completed':
      return completeRun(request, state, context);
    case 'run_failed':
      return failRun(request, state, context);
    case 'run_cancelled':
      return cancelRun(request, state, context);
  }
  if (!state.run) throw runNotFound(request.runId);
  switch (request.type) {
    case 'step_created':
      return createStep(request, state, context);
    case 'step_started':
      return startStep(request, state, context);
    case 'step_completed':
      return completeStep(request, state, context);
    case 'step_failed':
      return failStep(request, state, context);
    case 'step_retrying':
      return retryStep(request, state, context);
    case 'hook_created':
      return createHook(request, state, context);
    case 'hook_received':
      return receiveHook(request, state, context);
    case 'hook_disposed':
      return disposeHook(request, state, context);
    case 'wait_created':
      return createWait(request, state, context);
    case 'wait_completed':
      return finishWait(request, state, context);
  }
}
