import { lastInstant } from '../../base/last-instant.ts';
import { type ContextLimits, sealGiven, sealOutput } from '../context.ts';
import { FlowError, toExecutionError } from '../errors.ts';
import type { SpawnedChild } from '../execution-index.ts';
import type { ExecutionChanges } from '../execution-record.ts';
import { seal } from '../seal.ts';
import type { ExecutionError, HandlerResult, Step } from '../types.ts';
import { attemptOf, stepFact } from './begin.ts';
import { abandonChildren, failExecution } from './end.ts';
import { retryDelay } from './retry.ts';
import { errorWrite, historyEntry, leaveStep, nextStep, outputWrites, type Settle } from './step-parts.ts';
import { settleWait } from './wait.ts';
import { advance, unchanged, type Transition } from './transition.ts';

/** A handler's result with the children of a wait made ready. */
export type SettledResult = { readonly result: HandlerResult; readonly spawn: readonly SpawnedChild[] };

/**
 * What a finished attempt leads to (flow.md §2). A result that cannot be applied – output that is not JSON, a bad
 * `outputKey`, a limit, an unknown next step – is a failure of the same attempt that is not tried again, so no side
 * effect repeats (rule 8).
 */
export function settleAttempt(given: Settle, { result, spawn }: SettledResult): Transition {
  try {
    switch (result.type) {
      case 'success':
        return settleSuccess(given, result);
      case 'failure':
        return settleFailure(given, result);
      case 'wait':
        return settleWait(given, result, spawn);
      default:
        throw new FlowError('HANDLER_ERROR', `Handler "${given.step.type}" returned no result.`, { retryable: false });
    }
  } catch (error) {
    return settleFailure(given, { error: { ...toExecutionError(error, given.step.id), retryable: false } });
  }
}

function settleSuccess(given: Settle, result: HandlerResult & { type: 'success' }): Transition {
  const { execution, flow, step, now, limits } = given;
  const output = sealOutput(result.output, `output of step "${step.id}"`, limits);
  const next = nextStep(flow, result.next === undefined ? step.transitions.onSuccess : result.next, 'onSuccess', step);
  const attempt = attemptOf(execution);
  const entry = historyEntry(given, 'success', output === undefined ? {} : { output });
  return advance(
    unchanged(execution),
    {
      changes: { ...leaveStep, status: 'running', currentStepId: next },
      writes: outputWrites(step, output),
      tail: [entry],
      facts: [
        ...joinedFact(given),
        {
          type: 'step-completed',
          ...stepFact(step, attempt, now),
          input: attempt.input,
          output,
          duration: entry.duration,
        },
      ],
      ...abandonChildren(execution, now),
    },
    limits,
  );
}

function settleFailure(given: Settle, result: { error: ExecutionError; next?: string | null }): Transition {
  const { execution, flow, step, now } = given;
  const attempt = attemptOf(execution);
  const error = describeFailure(result.error, step, given.limits);
  const delay = retryDelay(given.retries, { attempt: attempt.attempt, error, random: given.random });
  const retryAt = delay === undefined ? undefined : Math.min(Math.ceil(now + delay), lastInstant);
  const entry = historyEntry(given, 'failure', { error });
  const failed = {
    tail: [entry],
    facts: [
      ...joinedFact(given),
      {
        type: 'step-failed',
        ...stepFact(step, attempt, now),
        input: attempt.input,
        error,
        duration: entry.duration,
        ...(retryAt === undefined ? {} : { retryAt }),
      },
    ],
    ...abandonChildren(execution, now),
  } as const;
  if (retryAt !== undefined) {
    const retrying = Object.freeze({ ...attempt, status: 'retrying' as const });
    return advance(unchanged(execution), {
      ...failed,
      changes: { ...leaveWait, status: 'running', attempt: retrying, retryAt },
    });
  }
  const target = result.next === undefined ? step.transitions.onFailure : result.next;
  const left = { ...failed, changes: { ...leaveStep, status: 'running' } satisfies ExecutionChanges };
  if (target === undefined || target === null) return failExecution(advance(unchanged(execution), left), error, now);
  return followFailure({ ...given, flow }, left, { error, target });
}

function followFailure(
  { execution, flow, step, now, limits }: Settle,
  left: Parameters<typeof advance>[1],
  { error, target }: { error: ExecutionError; target: string },
): Transition {
  const write = errorWrite(error);
  try {
    const currentStepId = nextStep(flow, target, 'onFailure', step);
    return advance(unchanged(execution), { ...left, changes: { ...left.changes, currentStepId }, writes: [write] }, limits);
  } catch (problem) {
    // There is nowhere left to go: the execution fails with why, and keeps what led there.
    const failure = {
      ...toExecutionError(problem, step.id),
      details: { ...(problem as FlowError).details, cause: write.value },
    };
    return failExecution(advance(unchanged(execution), left), seal(failure, { what: 'error' }), now);
  }
}

const leaveWait = { waitMetadata: undefined, join: undefined } satisfies ExecutionChanges;

/** The last call of a handler whose children are finished ends the wait in the same commit. */
function joinedFact({ execution, step, now }: Settle): Transition['facts'] {
  if (execution.status !== 'waiting') return [];
  return [{ type: 'resumed', ...stepFact(step, attemptOf(execution), now), by: 'children' }];
}

function describeFailure(error: ExecutionError, step: Step, limits: ContextLimits): ExecutionError {
  const { code, message, retryable, details } = (error ?? {}) as Partial<ExecutionError>;
  return Object.freeze({
    code: typeof code === 'string' && code !== '' ? code : 'HANDLER_ERROR',
    message: typeof message === 'string' ? message : 'The handler failed without a message.',
    stepId: step.id,
    ...(retryable === undefined ? {} : { retryable }),
    ...sealedDetails(details, limits),
  });
}

/** Details are only help: what cannot be kept is named and left out, it does not hide the error. */
function sealedDetails(details: unknown, limits: ContextLimits): Pick<ExecutionError, 'details'> {
  if (typeof details !== 'object' || details === null) return {};
  try {
    return { details: sealGiven(details, 'error details', { ...limits, maxDepth: 16 }) as Record<string, unknown> };
  } catch (problem) {
    return { details: { lost: (problem as Error).message } };
  }
}
