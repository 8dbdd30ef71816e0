import type { ChildSpec } from './children.ts';
import type { ExecutionError, HandlerResult, WaitResult } from './types.ts';

/** What a handler returns (flow.md §1). */
export const Result = {
  /** The step is done. `next` overrides `onSuccess`; an explicit null completes the execution. */
  success(output?: unknown, options: { next?: string | null } = {}): HandlerResult {
    return { type: 'success', ...(output === undefined ? {} : { output }), ...options };
  },

  /** The attempt failed: retries first, then `next`, then `onFailure`, else the execution fails. */
  failure(error: FailureInput, options: { next?: string | null } = {}): HandlerResult {
    return { type: 'failure', error, ...options };
  },

  /** The execution waits, holding no worker, for `resume`, a token, `wakeAt` or its children. */
  wait(options: WaitInput = {}): HandlerResult {
    return { type: 'wait', ...options };
  },
} as const;

export type FailureInput = Pick<ExecutionError, 'code' | 'message' | 'details' | 'retryable'>;

export interface WaitInput extends Omit<WaitResult, 'type' | 'spawn'> {
  spawn?: readonly ChildSpec[];
}
