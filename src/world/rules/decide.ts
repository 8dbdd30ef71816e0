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
  if (!state.run && !ofRun.has(request.type)) throw runNotFound(request.runId);
  return rules[request.type](request, state, context);
}

type Rule = (request: EventRequest, state: State, context: RuleContext) => Decision;

// These tell a missing run themselves: it may be about to exist.
const ofRun: ReadonlySet<EventRequest['type']> = new Set(['run_created', 'run_started', 'run_completed', 'run_failed', 'run_cancelled']);

const rules: Readonly<Record<EventRequest['type'], Rule>> = {
  run_created: createRun,
  run_started: startRun,
  run_completed: completeRun,
  run_failed: failRun,
  run_cancelled: cancelRun,
  step_created: createStep,
  step_started: startStep,
  step_completed: completeStep,
  step_failed: failStep,
  step_retrying: retryStep,
  hook_created: createHook,
  hook_received: receiveHook,
  hook_disposed: disposeHook,
  wait_created: createWait,
  wait_completed: finishWait,
};
