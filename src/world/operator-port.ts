import type { Page } from './page-queries.ts';
import type { EventRow, RunRow, RunStatus } from './rows.ts';

/**
 * What those who look after runs need of a store beside `Store`: reads that no worker makes, so none of them may slow a commit down with an
 * index of its own where another way is fast enough.
 */
export interface OperatorReads {
  /** Runs that fit, by when they were created. */
  searchRuns(query: RunSearch): Promise<readonly FoundRun[]>;
  findRun(runId: string): Promise<FoundRun | undefined>;
  /** Runs that were created, ended or changed since an instant. */
  listChangedRuns(query: ChangesQuery): Promise<ChangedRuns>;
  countEntities(runId: string): Promise<EntityCounts>;
  /** Events of some types, of all or of these steps, hooks and waits, without payloads, in their order. */
  listEventsOfTypes(query: EventTypesQuery): Promise<readonly EventRow[]>;
  listQueueDepths(now: number): Promise<readonly QueueDepthRow[]>;
  /** Open runs that are not due, have no delivery under way, and wait for nothing that could wake them. */
  listStuckRuns(query: { readonly limit: number }): Promise<readonly RunRow[]>;
  readThroughput(query: ThroughputQuery): Promise<ThroughputRows>;
  /** Of runs that ended since then, or are open. */
  listStepTimes(query: StepTimesQuery): Promise<readonly StepTimeRow[]>;

  /** The newest first, of one tenant if given; `after` is the id of the last one seen. */
  listAudit(query: {
    readonly tenantId: string | null;
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<readonly AuditRow[]>;
}

export interface EventTypesQuery {
  readonly runId: string;
  readonly types: readonly string[];
  readonly correlationIds?: readonly string[];
}

/** To an operator a flow that waits is not running. */
export type SearchStatus = RunStatus | 'waiting';

export interface RunSearch extends Page<{ readonly at: number; readonly id: string }> {
  readonly status: SearchStatus | undefined;
  readonly kind: 'code' | 'flow' | undefined;
  /** Text in the name of the workflow, in any case. */
  readonly name: string | undefined;
  readonly tenantId: string | undefined;
  readonly createdFrom: number | undefined;
  readonly createdBefore: number | undefined;
  /** Text in the id, in any case. */
  readonly idText: string | undefined;
}

export interface FoundRun extends RunRow {
  readonly tenantId: string | null;
  /** A flow that waits for something. */
  readonly waiting: boolean;
}

export interface ChangesQuery {
  readonly since: number;
  /** At most so many runs that were created and are open, and so many that ended: the newest. */
  readonly limit: number;
  /** Of the open runs only so many, the newest, are looked at for changes: no index knows when a run changed. */
  readonly watched: number;
}

export interface ChangedRuns {
  readonly runs: readonly FoundRun[];
  /** False: more may have been created or ended than `limit`. */
  readonly whole: boolean;
}

export interface EntityCounts {
  readonly steps: number;
  readonly streams: number;
  /** By the log: they are deleted with the end of their run. */
  readonly hooks: number;
  readonly waits: number;
}

export interface QueueDepthRow {
  readonly kind: 'run' | 'step' | 'message' | 'flow';
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  /** Of what is ready. */
  readonly oldestDueAt: number | null;
}

export interface ThroughputQuery {
  readonly since: number;
  readonly bucketMs: number;
}

/** `bucket` counts from `since`. */
export interface ThroughputRows {
  readonly started: readonly { readonly bucket: number; readonly runs: number }[];
  readonly ended: readonly { readonly bucket: number; readonly status: RunStatus; readonly runs: number }[];
}

export interface StepTimesQuery {
  readonly since: number;
  /** Only runs of so many of the 64 shards: a fair sample where all of them would be too many. */
  readonly shards: number;
  readonly limit: number;
}

export interface StepTimeRow {
  readonly completedAt: number;
  readonly tookMs: number;
}

export interface AuditRow {
  /** A ULID, so in the order of time. */
  readonly auditId: string;
  readonly at: number;
  readonly tenantId: string | null;
  /** The rest, as JSON. */
  readonly entry: string;
}
