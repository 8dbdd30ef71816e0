import { type ChildResult, childResultOf } from '../children.ts';
import type { ExecutionChanges } from '../execution-record.ts';
import type { SpawnedChild } from '../execution-index.ts';
import type { CancellationInfo, Execution, ExecutionError } from '../types.ts';
import { advance, isTerminal, type Transition } from './transition.ts';

/** What no ended execution has any more. */
const nothingOpen = {
  attempt: undefined,
  checkpoint: undefined,
  retryAt: undefined,
  waitMetadata: undefined,
  join: undefined,
  earlyResumes: undefined,
} satisfies ExecutionChanges;

export function completeExecution(transition: Transition, output: unknown, now: number): Transition {
  return end(transition, {
    changes: { status: 'completed', currentStepId: null, completedAt: now, output },
    facts: [{ type: 'completed', at: now, output }],
    now,
  });
}

/** `currentStepId` stays: it says where the execution failed, and where a retry begins. */
export function failExecution(transition: Transition, error: ExecutionError, now: number): Transition {
  return end(transition, {
    changes: { status: 'failed', failedAt: now, error },
    facts: [{ type: 'failed', at: now, error }],
    now,
  });
}

/** Wins over a handler that is still running: what that one returns finds another revision (rule 7). */
export function cancelExecution(transition: Transition, cancellation: CancellationInfo, compensation?: SpawnedChild): Transition {
  const now = cancellation.cancelledAt;
  return end(transition, {
    changes: { status: 'cancelled', cancelledAt: now, cancellation },
    facts: [{ type: 'cancelled', at: now, cancellation }],
    now,
    ...(compensation ? { spawn: [compensation] } : {}),
  });
}

/** The row that an ended execution leaves for its parent. */
export function settlesOf(execution: Execution): ChildResult | undefined {
  return isTerminal(execution) ? childResultOf(execution) : undefined;
}

interface End {
  readonly changes: ExecutionChanges;
  readonly facts: Transition['facts'];
  readonly now: number;
  readonly spawn?: readonly SpawnedChild[];
}

function end(transition: Transition, { changes, facts, now, spawn = [] }: End): Transition {
  const hasChildren = transition.execution.join !== undefined || transition.cancelChildren !== undefined;
  const reason = `its parent ${transition.execution.id} is ${changes.status}`;
  return advance(transition, {
    changes: { ...nothingOpen, ...changes },
    facts,
    spawn,
    revokesTokens: true,
    ...(hasChildren ? { cancelChildren: { cancellation: Object.freeze({ source: 'parent', reason, cancelledAt: now }) } } : {}),
  });
}

/** Something in progress that a step leaves behind when it is left before its children are finished. */
export function abandonChildren(execution: Execution, now: number): Pick<Transition, 'cancelChildren'> {
  if (execution.join === undefined) return {};
  const { group } = execution.join;
  const reason = `its parent ${execution.id} went on without it`;
  return { cancelChildren: { group, cancellation: Object.freeze({ source: 'parent', reason, cancelledAt: now }) } };
}
