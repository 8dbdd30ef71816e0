import type { Execution } from '../types.ts';
import { isTerminal } from './transition.ts';

/** When a worker must look at an execution without being asked; null if never by itself (a signal wait: rule 3). */
export function dueAtOf(execution: Execution): number | null {
  if (isTerminal(execution)) return null;
  const act = actDueAt(execution);
  const { deadlineAt } = execution;
  if (deadlineAt === undefined) return act;
  return act === null ? deadlineAt : Math.min(act, deadlineAt);
}

function actDueAt(execution: Execution): number | null {
  switch (execution.status) {
    case 'pending':
      return execution.createdAt;
    case 'running':
      return execution.retryAt ?? execution.updatedAt;
    case 'waiting':
      return execution.waitMetadata?.wakeAt ?? null;
    default:
      return null;
  }
}

/** What a worker that holds an execution has to do now. */
export type NextAct =
  | { readonly type: 'none' }
  | { readonly type: 'expire' }
  | { readonly type: 'wake' }
  /** The children the wait is for may be finished: the tally decides. */
  | { readonly type: 'join' }
  /** `first`: the execution itself begins with this step. */
  | { readonly type: 'enter'; readonly stepId: string; readonly first: boolean }
  | { readonly type: 'retry'; readonly stepId: string }
  | { readonly type: 'retry-later'; readonly retryAt: number }
  /** The attempt goes on: after a wait, or because its worker died. */
  | { readonly type: 'continue'; readonly stepId: string; readonly redelivery: boolean }
  | { readonly type: 'finish' };

export function nextAct(execution: Execution, now: number): NextAct {
  if (isTerminal(execution)) return { type: 'none' };
  if (execution.deadlineAt !== undefined && now >= execution.deadlineAt) return { type: 'expire' };
  if (execution.status === 'waiting') return waitingAct(execution, now);
  const stepId = execution.currentStepId;
  if (stepId === null) return { type: 'finish' };
  const { attempt, retryAt } = execution;
  if (attempt === undefined) return { type: 'enter', stepId, first: execution.status === 'pending' };
  switch (attempt.status) {
    case 'started':
      return { type: 'continue', stepId, redelivery: true };
    case 'waiting':
      return { type: 'continue', stepId, redelivery: false };
    case 'retrying':
      return retryAt !== undefined && retryAt > now ? { type: 'retry-later', retryAt } : { type: 'retry', stepId };
  }
}

function waitingAct({ waitMetadata, join }: Execution, now: number): NextAct {
  const wakeAt = waitMetadata?.wakeAt;
  if (wakeAt !== undefined && now >= wakeAt) return { type: 'wake' };
  return join === undefined ? { type: 'none' } : { type: 'join' };
}
