import type { ExecutionCommit } from '../execution-index.ts';
import type { Firing, TriggerRecord } from './types.ts';

/** Where triggers live: what the World implements, and `MemoryTriggerStore` in memory. */
export interface TriggerStore {
  /** Stores a record if the stored revision is one less than its own (absent counts as 0); else EXECUTION_CONFLICT. */
  put(record: TriggerRecord): Promise<void>;
  find(id: string): Promise<TriggerRecord | undefined>;
  list(): Promise<readonly TriggerRecord[]>;
  delete(id: string): Promise<void>;
  /** The enabled http trigger of that method and path; of several the oldest. */
  findHttp(method: string, path: string): Promise<TriggerRecord | undefined>;
  /** Enabled event triggers of that event, for any flow or for this one. */
  listEvent(event: string, flowId: string): Promise<readonly TriggerRecord[]>;
  /** Enabled schedules whose `nextFireAt` has come, and when the next one will. */
  due(options: {
    readonly now: number;
    readonly limit: number;
  }): Promise<{ readonly records: readonly TriggerRecord[]; readonly nextDueAt?: number }>;
  /**
   * One transaction: the firings, the executions they create, and for a schedule the record's next state, which wins
   * only at the revision before. Throws EXECUTION_CONFLICT and writes nothing if the record was changed meanwhile or
   * an execution cannot be created.
   */
  fire(firing: TriggerFiring): Promise<void>;
  /** The newest first. */
  firings(triggerId: string, options?: { readonly limit?: number }): Promise<readonly Firing[]>;
}

export interface TriggerFiring {
  readonly triggerId: string;
  readonly record?: TriggerRecord;
  readonly firings: readonly Firing[];
  readonly commits: readonly ExecutionCommit[];
}
