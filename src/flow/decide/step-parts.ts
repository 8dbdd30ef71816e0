import type { ContextLimits, ContextWrite } from '../context.ts';
import { FlowError } from '../errors.ts';
import type { ExecutionChanges } from '../execution-record.ts';
import { seal } from '../seal.ts';
import type { Execution, ExecutionError, Flow, RetryConfig, Step, StepHistoryEntry } from '../types.ts';
import { attemptOf } from './begin.ts';

/** What is needed to decide what a finished attempt leads to. */
export interface Settle {
  readonly execution: Execution;
  readonly flow: Flow;
  readonly step: Step;
  readonly now: number;
  readonly limits: ContextLimits;
  readonly retries: RetryConfig | undefined;
  readonly random: () => number;
  /** Children that had ended when the handler was called because of them. */
  readonly finished?: number | undefined;
  /** The claim under which it was called. */
  readonly epoch?: number | undefined;
}

/** Fields that belong to a step visit and go with it. */
export const leaveStep = {
  attempt: undefined,
  checkpoint: undefined,
  retryAt: undefined,
  waitMetadata: undefined,
  join: undefined,
} satisfies ExecutionChanges;

/** A failure as the step that `onFailure` leads to reads it. */
export function errorWrite({ code, message, stepId, details }: ExecutionError): ContextWrite & { readonly value: unknown } {
  return { path: ['error'], value: seal({ code, message, stepId, ...(details ? { details } : {}) }, { what: 'error' }) };
}

export function outputWrites(step: Step, output: unknown): ContextWrite[] {
  if (step.outputKey === undefined || output === undefined) return [];
  return [{ path: step.outputKey.split('.'), value: output }];
}

export function historyEntry(
  { execution, step, now }: Pick<Settle, 'execution' | 'step' | 'now'>,
  status: StepHistoryEntry['status'],
  more: Pick<StepHistoryEntry, 'output' | 'error'>,
): StepHistoryEntry {
  const { attempt, startedAt, input, visit } = attemptOf(execution);
  const base = { stepId: step.id, type: step.type, attempt, status, input, startedAt, completedAt: now, visit };
  return Object.freeze({ ...base, duration: Math.max(0, now - startedAt), ...more });
}

/** A step of the flow, or null for the end; throws INVALID_TRANSITION for anything else. */
export function nextStep(flow: Flow, target: unknown, from: string, step: Step): string | null {
  if (target === null) return null;
  if (typeof target === 'string' && Object.hasOwn(flow.steps, target)) return target;
  const problem = target === undefined ? 'it is missing' : `there is no step ${JSON.stringify(target)}`;
  throw new FlowError('INVALID_TRANSITION', `Step "${step.id}" cannot go on by ${from}: ${problem}.`, {
    details: { stepId: step.id, ...(typeof target === 'string' ? { target } : {}) },
  });
}
