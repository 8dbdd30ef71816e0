import type { ContextLimits, ContextWrite } from '../context.ts';
import { FlowError } from '../errors.ts';
import { seal } from '../seal.ts';
import type { Execution, Flow, Step } from '../types.ts';
import { attemptOf, stepFact } from './begin.ts';
import { abandonChildren } from './end.ts';
import { nextStep } from './step-parts.ts';
import { advance, type Transition } from './transition.ts';

export interface Resume {
  readonly flow: Flow;
  readonly step: Step;
  readonly now: number;
  readonly limits: ContextLimits;
  readonly by: 'resume' | 'timer';
  readonly data?: unknown;
  /** `sha256:...` of the token that was used. */
  readonly token?: string;
}

/**
 * Ends a wait (flow.md §2). `resumeData` and `resumedBy` go into the context; then `onTimeout` for a timer that has
 * one, else `onResume`, else the step runs again. Throws CONTEXT_LIMIT or INVALID_INPUT for data that cannot be kept.
 */
export function resumeExecution(transition: Transition, given: Resume): Transition {
  const { execution } = transition;
  const { flow, step, now, by, limits } = given;
  if (execution.status !== 'waiting') {
    throw new FlowError('EXECUTION_NOT_WAITING', `Execution ${execution.id} is ${execution.status}; only a waiting one can be resumed.`);
  }
  const attempt = attemptOf(execution);
  const data = seal(given.data, { what: 'resume data', maxDepth: limits.maxDepth });
  const { onResume, onTimeout } = step.transitions;
  const [target, from] = by === 'timer' && onTimeout !== undefined ? [onTimeout, 'onTimeout'] : [onResume, 'onResume'];
  const left =
    target === undefined
      ? { attempt: Object.freeze({ ...attempt, resumedBy: by }) }
      : {
          attempt: undefined,
          checkpoint: undefined,
          join: undefined,
          currentStepId: nextStep(flow, target, from, step),
        };
  return advance(
    transition,
    {
      changes: { ...left, status: 'running', waitMetadata: undefined },
      writes: resumeWrites(execution.context, by, data),
      facts: [
        {
          type: 'resumed',
          ...stepFact(step, attempt, now),
          by,
          ...(data === undefined ? {} : { data }),
          ...(given.token === undefined ? {} : { token: given.token }),
        },
      ],
      ...(target === undefined ? {} : abandonChildren(execution, now)),
      ...unusedToken(execution, given),
    },
    limits,
  );
}

/**
 * Whether a token ends the wait an execution is in: the one it names, any of the execution if it names none. A wait for
 * children or for nothing but the clock takes none: one that is used meanwhile was made for another wait.
 */
export function fitsToken({ status, join, waitMetadata }: Execution, hash: string): boolean {
  if (status !== 'waiting' || join !== undefined || waitMetadata?.keepsTokens) return false;
  return waitMetadata?.token === undefined || waitMetadata.token === hash;
}

/** Whoever answers by the id leaves the token of the wait behind, which must not end one that it was not made for. */
function unusedToken({ waitMetadata }: Execution, { by, token }: Resume): Pick<Transition, 'disposesToken'> {
  if (by !== 'resume' || token !== undefined || waitMetadata?.token === undefined) return {};
  return { disposesToken: waitMetadata.token };
}

function resumeWrites(context: Readonly<Record<string, unknown>>, by: Resume['by'], data: unknown): ContextWrite[] {
  const resumedBy: ContextWrite = { path: ['resumedBy'], value: by };
  if (data !== undefined) return [{ path: ['resumeData'], value: data }, resumedBy];
  // No data must not look like the data of an earlier wait.
  return Object.hasOwn(context, 'resumeData') ? [{ path: ['resumeData'], removed: true }, resumedBy] : [resumedBy];
}
