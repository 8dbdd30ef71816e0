import { z } from 'zod';
import type { ChildResult, ChildSpec } from '../children.ts';
import { FlowError } from '../errors.ts';
import type { Execution, ExecutionError, Flow, FlowProblem } from '../types.ts';
import { milliseconds } from './milliseconds.ts';
import { targetProblems } from './targets.ts';

/** Which steps a child runs: another flow, or this flow from one of its steps until a transition leads to null. */
export const childTarget = {
  flowId: z.string().min(1).optional(),
  version: z.string().optional(),
  startStepId: z.string().min(1).optional(),
};
export type ChildTarget = z.infer<z.ZodObject<typeof childTarget>>;

/** How long the children may take together: milliseconds or text such as "2h". Then `onTimeout`, else TIMEOUT. */
export const childTimeout = { timeout: z.union([z.number().positive(), z.string()]).optional() };

/** The same instant each time the handler comes back: it is counted from the start of the attempt. */
export function childDeadline(
  { timeout }: { readonly timeout?: number | string | undefined },
  execution: Readonly<Execution>,
): { readonly wakeAt?: number } {
  if (timeout === undefined || execution.attempt === undefined) return {};
  return { wakeAt: execution.attempt.startedAt + milliseconds(timeout) };
}

export function childSpec(
  target: ChildTarget,
  context: unknown,
  thisFlow: { readonly flowId: string; readonly flowVersion: string },
): ChildSpec {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw new FlowError('INVALID_INPUT', 'The context of a child must be an object.');
  }
  const given = context as Record<string, unknown>;
  if (target.startStepId !== undefined) {
    return {
      kind: 'flow',
      flowId: thisFlow.flowId,
      version: thisFlow.flowVersion,
      startStepId: target.startStepId,
      context: given,
    };
  }
  if (target.flowId === undefined) throw new FlowError('INVALID_INPUT', 'A child needs flowId or startStepId.');
  return {
    kind: 'flow',
    flowId: target.flowId,
    context: given,
    ...(target.version === undefined ? {} : { version: target.version }),
  };
}

export function childTargetProblems(target: unknown, flow: Flow, pointer: string): readonly FlowProblem[] {
  if (typeof target !== 'object' || target === null) return [];
  const { flowId, startStepId } = target as ChildTarget;
  if ((flowId === undefined) === (startStepId === undefined)) {
    return [{ pointer, message: 'needs exactly one of flowId and startStepId' }];
  }
  return targetProblems(flow, startStepId, `${pointer}/startStepId`);
}

/** The child's error as the step's own: with its code, so that `retryOn` can name it. */
export function childFailure(result: ChildResult, what: string): ExecutionError {
  const error = result.error ?? { code: 'HANDLER_ERROR', message: `it was ${result.status}` };
  return {
    code: error.code,
    message: `${what} ${result.status}: ${error.message}`,
    details: { childId: result.childId, error },
    ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
  };
}
