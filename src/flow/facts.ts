import type { CancellationInfo, ExecutionError } from './types.ts';

/**
 * What happened to an execution, in the order it happened. One list serves both readers: the run's log in the
 * World (flow.md §3) and the ten events of the bus (flow.md §2).
 */
export type ExecutionFact =
  | { readonly type: 'created'; readonly at: number }
  | { readonly type: 'started'; readonly at: number }
  | ({ readonly type: 'step-started'; readonly input: unknown } & StepFact)
  /** The attempt goes on: after a wait, or on another worker because its own died (`deliveries` > 1). */
  | ({ readonly type: 'step-continued'; readonly deliveries: number; readonly input: unknown } & StepFact)
  | ({
      readonly type: 'step-completed';
      readonly input: unknown;
      readonly output: unknown;
      readonly duration: number;
    } & StepFact)
  | ({
      readonly type: 'step-failed';
      readonly input: unknown;
      readonly error: ExecutionError;
      readonly duration: number;
      /** Set when another attempt follows. */
      readonly retryAt?: number;
    } & StepFact)
  | ({
      readonly type: 'waiting';
      readonly wakeAt?: number;
      readonly reason?: string;
      readonly token?: string;
    } & StepFact)
  | ({
      readonly type: 'resumed';
      readonly by: 'resume' | 'timer' | 'children';
      readonly data?: unknown;
      readonly token?: string;
    } & StepFact)
  | { readonly type: 'completed'; readonly at: number; readonly output: unknown }
  | { readonly type: 'failed'; readonly at: number; readonly error: ExecutionError }
  | { readonly type: 'cancelled'; readonly at: number; readonly cancellation: CancellationInfo };

export interface StepFact {
  readonly at: number;
  readonly stepId: string;
  readonly stepType: string;
  readonly visit: number;
  readonly attempt: number;
}
