import type { ExecutionError, Execution, StepAttempt } from './types.ts';

/** A child that a step starts: another execution, or a run of a "use workflow" function. */
export type ChildSpec = FlowChildSpec | CodeChildSpec;

export interface FlowChildSpec {
  readonly kind: 'flow';
  readonly flowId: string;
  readonly version?: string;
  readonly context: Readonly<Record<string, unknown>>;
  /** Begin there instead of at the flow's initial step; the child's output is then that of its last step. */
  readonly startStepId?: string;
}

export interface CodeChildSpec {
  readonly kind: 'code';
  /** The name of the "use workflow" function, as the World knows it. */
  readonly workflow: string;
  readonly args: readonly unknown[];
}

/** How one child ended: a row of its own, written with the child's last commit. */
export interface ChildResult {
  readonly parentId: string;
  readonly group: string;
  readonly index: number;
  readonly childId: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly output?: unknown;
  readonly error?: ExecutionError;
}

export interface ChildTally {
  readonly created: number;
  readonly finished: number;
  /** Those that completed; the rest of the finished ones failed or were cancelled. */
  readonly succeeded: number;
}

/** What a handler sees of the children its step attempt started. */
export interface ChildrenView {
  tally(): Promise<ChildTally>;
  /** The finished ones in order of their index, a page at a time. */
  results(): AsyncIterable<ChildResult>;
}

/** The children of one attempt of one step visit belong together; a retry starts afresh. */
export function groupOf({ stepId, visit, attempt }: Pick<StepAttempt, 'stepId' | 'visit' | 'attempt'>): string {
  return `${stepId}#${visit}.${attempt}`;
}

/** The row a finished execution leaves for its parent; undefined without a parent that joins it. */
export function childResultOf(execution: Execution): ChildResult | undefined {
  const { parentExecutionId: parentId, parentStep, id: childId, status } = execution;
  if (parentId === undefined || parentStep === undefined) return undefined;
  const place = { parentId, group: parentStep.group, index: parentStep.index, childId };
  switch (status) {
    case 'completed':
      return { ...place, status, ...(execution.output === undefined ? {} : { output: execution.output }) };
    case 'failed':
    case 'cancelled':
      return { ...place, status, error: execution.error ?? cancelledError(execution) };
    default:
      return undefined;
  }
}

function cancelledError({ id, cancellation }: Execution): ExecutionError {
  const reason = cancellation?.reason === undefined ? '' : `: ${cancellation.reason}`;
  return { code: 'HANDLER_ERROR', message: `Child ${id} was cancelled${reason}.`, retryable: false };
}
