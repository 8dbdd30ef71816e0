import { applyWrites, type ContextLimits, type ContextWrite } from '../context.ts';
import type { CancelChildren, SpawnedChild } from '../execution-index.ts';
import { revise, type ExecutionChanges } from '../execution-record.ts';
import type { ExecutionFact } from '../facts.ts';
import type { Execution, StepHistoryEntry } from '../types.ts';

/** A decided change, not yet written: the next state and all that must be committed with it. */
export interface Transition {
  readonly execution: Execution;
  readonly writes: readonly ContextWrite[];
  readonly tail: readonly StepHistoryEntry[];
  readonly facts: readonly ExecutionFact[];
  readonly spawn: readonly SpawnedChild[];
  readonly cancelChildren?: CancelChildren;
  readonly consumesToken?: string;
  readonly disposesToken?: string;
  readonly revokesTokens?: boolean;
}

export interface Change extends Partial<Omit<Transition, 'execution'>> {
  readonly changes?: ExecutionChanges;
  readonly enters?: string;
}

/** Nothing changed yet. */
export function unchanged(execution: Execution): Transition {
  return { execution, writes: [], tail: [], facts: [], spawn: [] };
}

/** `change` on top of what `transition` decided. Throws CONTEXT_LIMIT if `limits` are given and a write exceeds them. */
export function advance(transition: Transition, change: Change, limits?: ContextLimits): Transition {
  const { changes = {}, enters, writes = [], tail = [], facts = [], spawn = [], ...once } = change;
  const context = applyWrites(transition.execution.context, writes, limits);
  const contextChange = context === transition.execution.context ? {} : { context: context as Execution['context'] };
  return {
    ...transition,
    ...once,
    execution: revise(transition.execution, {
      changes: { ...changes, ...contextChange },
      tail,
      ...(enters === undefined ? {} : { enters }),
    }),
    writes: [...transition.writes, ...writes],
    tail: [...transition.tail, ...tail],
    facts: [...transition.facts, ...facts],
    spawn: [...transition.spawn, ...spawn],
  };
}

export function isTerminal({ status }: Pick<Execution, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
