import type { RunRow } from './rows.ts';

export type Order = 'asc' | 'desc';

export interface Page<K> {
  /** Strictly after this key in this order. */
  readonly after: K | undefined;
  readonly order: Order;
  readonly limit: number;
}

export interface RunQuery extends Page<{ readonly at: number; readonly id: string }> {
  readonly workflowName: string | undefined;
  readonly status: RunRow['status'] | undefined;
}

export interface OfRun extends Page<{ readonly at: number; readonly id: string }> {
  readonly runId: string;
}

export interface EventQuery extends Page<number> {
  readonly runId: string;
  readonly payloads: boolean;
}

export interface CorrelationQuery extends Page<{ readonly at: number; readonly runId: string; readonly seq: number }> {
  readonly correlationId: string;
  readonly runId: string | undefined;
  readonly payloads: boolean;
}

export interface EventKey {
  readonly runId: string;
  readonly seq: number;
}
