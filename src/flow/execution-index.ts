import type { ChildResult, ChildTally, CodeChildSpec } from './children.ts';
import type { ContextWrite } from './context.ts';
import type { ExecutionFact } from './facts.ts';
import type { CancellationInfo, ChildJoin, Execution, ParentStep, StepHistoryEntry } from './types.ts';

/**
 * What a store adds to its four methods so that any worker can carry an execution on (decisions C2): one atomic
 * commit per step, leases, what is due, and children in rows of their own.
 */
export interface ExecutionIndex {
  /**
   * Writes all of a commit or nothing. Throws EXECUTION_CONFLICT if the stored revision is not
   * `expectedRevision`, if the claim named by `epoch` is lost, or if a live execution holds the idempotency key;
   * INVALID_RESUME_TOKEN if `consumesToken` is not a live token of this execution.
   */
  commit(commit: ExecutionCommit): Promise<void>;
  /** The execution as it is now, frozen; it may share structure with other answers. */
  read(id: string): Promise<Execution | null>;
  /** Whether it has ended, told without reading all of it; undefined if there is no such execution. */
  hasEnded?(id: string): Promise<boolean | undefined>;
  /** Takes the lease of an execution that nobody holds; undefined if someone does or if there is no such execution. */
  claim(id: string, options: { readonly owner: string }): Promise<ExecutionClaim | undefined>;
  /** Unclaimed executions whose `dueAt` has come, the longest due first, and when the next one will be. */
  due(options: { readonly now: number; readonly limit: number }): Promise<DuePage>;
  tally(parentId: string, group: string): Promise<ChildTally>;
  /** Finished children of a group by index, after the given one. */
  results(parentId: string, group: string, page: ResultsPage): Promise<readonly ChildResult[]>;
  /**
   * Records the end of a child that is not an execution (a code run), once; a later one for the same place is
   * ignored. Children that are executions record theirs by `settles` of their own commit.
   */
  settleChild(result: ChildResult): Promise<void>;
  /** True if `commit` itself takes `consumesToken` and `disposesToken`, so that token and wait change together. */
  readonly consumesTokens?: boolean;
  /** True if a commit with `revokesTokens` takes the tokens with it that the manager of this store has made. */
  readonly freesTokens?: boolean;
  /** True if `commit` itself sees to it that spawned code runs are started. */
  readonly startsCode?: boolean;
}

export interface ResultsPage {
  readonly after?: number;
  readonly limit: number;
}

export interface DuePage {
  readonly ids: readonly string[];
  /** The next instant at which something not in `ids` becomes due; undefined if nothing will by itself. */
  readonly nextDueAt?: number;
}

/** A lease on one execution. Renewing it is the store's or the worker's business, not the Engine's. */
export interface ExecutionClaim {
  readonly execution: Execution;
  /** One more than that of the claim before it. Where it is not, a call of a handler because children ended costs a commit. */
  readonly epoch: number;
  /** A cancellation that the parent's commit asked for, to be decided first. */
  readonly cancelRequested?: CancellationInfo;
  /** Aborted when the lease is lost or the execution ended elsewhere. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * One atomic act. A store may write only what is new in it: the fields of `execution` that differ from `previous` by
 * identity, `writes` for the context, `tail` for the history. `attempt.input` is the input of the last `step-started`
 * or `step-continued` fact, and `visits[stepId]` the visit of the last `step-started` of that step, so neither needs to
 * be written again.
 */
export interface ExecutionCommit {
  /** After the commit; its revision is `expectedRevision + 1`. Frozen, its history is materialised only when read. */
  readonly execution: Execution;
  /** Before it; absent for a new execution. Fields that did not change are the same values. */
  readonly previous?: Execution;
  /** 0: it must not exist yet. */
  readonly expectedRevision: number;
  /** The claim this was decided under; absent when it needs none (create, resume, cancel). */
  readonly epoch?: number;
  /** Changes to the context, in order: a store may keep these instead of the whole (decisions C5). */
  readonly writes: readonly ContextWrite[];
  /** Entries this commit appends to the history. */
  readonly tail: readonly StepHistoryEntry[];
  /** What happened, in order: the events of the run's log. */
  readonly facts: readonly ExecutionFact[];
  /** When a worker must look at it next without being asked; null: never by itself. */
  readonly dueAt: number | null;
  /** It is due as soon as so many children of that group are finished, which may be at once. */
  readonly join: ChildJoin | null;
  readonly spawn: readonly SpawnedChild[];
  /** The row this execution leaves for its parent, whose join it may fulfil. */
  readonly settles?: ChildResult;
  /** Unfinished children to cancel, of one group or of all: they become due with `cancelRequested`. */
  readonly cancelChildren?: CancelChildren;
  /** `sha256:...` of the token that must be live and is gone afterwards. */
  readonly consumesToken?: string;
  /** `sha256:...` of a token of this execution that is gone afterwards, if it still lives. */
  readonly disposesToken?: string;
  /** No token of this execution is valid any more. */
  readonly revokesTokens?: boolean;
}

export type SpawnedChild = SpawnedExecution | SpawnedCode;

export interface SpawnedExecution {
  readonly kind: 'flow';
  /** Its first revision, status pending, due at once. */
  readonly execution: Execution;
}

export interface SpawnedCode extends CodeChildSpec {
  readonly id: string;
  readonly parent: ParentStep & { readonly executionId: string };
}

export interface CancelChildren {
  readonly group?: string;
  readonly cancellation: CancellationInfo;
}
