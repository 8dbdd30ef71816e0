import type { Heard } from './port.ts';
import type { NewEvent, Transition } from './transition.ts';
import type { Lease, RunRow, RunStatus, TakenRun } from './rows.ts';

/** The namespace of the runs of flows, which no handler of the SDK is ever given (flow.md §3). */
export const flowNamespace = 'flow';

/**
 * What flows need of a store beside `Store`: an execution is a run, so its state, children, keys and tokens change in the same act as the
 * run's row and its log (decisions C5). Every act is atomic and decides nothing; what an execution means is known to the flow room only.
 */
export interface FlowStore {
  /** Joins the same group commit as the acts of the World. */
  commit<A extends FlowAct>(act: A, heard?: Pick<Heard<FlowOutcomeOf<A>>, 'onWritten'>): Promise<FlowOutcomeOf<A>>;

  /** The whole execution, as of one moment. */
  readExecution(runId: string): Promise<ExecutionRows | undefined>;
  /** What tells whether a copy is still true, and whether a lease is still held. */
  getExecutionMark(runId: string): Promise<ExecutionMark | undefined>;
  /** Those of several, by their ids. */
  listExecutionMarks(runIds: readonly string[]): Promise<ReadonlyMap<string, ExecutionMark>>;
  /** Unleased executions by their due time, one more than is due of the limit, so that the next instant is known. */
  listDueExecutions(query: { readonly limit: number }): Promise<readonly { readonly runId: string; readonly dueAt: number }[]>;
  /** The newest live holder of a key; without a scope, in any. */
  findKeyHolder(query: KeyQuery): Promise<string | undefined>;
  tallyChildren(parentId: string, group: string): Promise<ChildTallyRow>;
  /** Finished children by index, after the given one. */
  listChildResults(query: ChildResultQuery): Promise<readonly ChildResultRow[]>;
  /** The execution of a token that is live at this instant. */
  findTokenHolder(token: string, now: number): Promise<{ readonly runId: string; readonly hookId: string } | undefined>;

  getFlow(flowId: string, version: string): Promise<string | undefined>;
  /** The versions of a flow but for those that are known already; of all flows without an id. */
  listFlows(
    flowId?: string,
    known?: readonly string[],
  ): Promise<readonly { readonly flowId: string; readonly version: string; readonly definition: string }[]>;

  getTrigger(triggerId: string): Promise<TriggerRow | undefined>;
  listTriggers(query?: TriggerQuery): Promise<readonly TriggerRow[]>;
  /** Enabled schedules, the next to fire first. */
  listScheduledTriggers(limit: number): Promise<readonly TriggerRow[]>;
  /** The newest first. */
  listFirings(triggerId: string, limit: number): Promise<readonly string[]>;
  /** What happened that an event trigger waits to hear of, the oldest first. */
  listTriggerEvents(limit: number): Promise<readonly TriggerEventRow[]>;
}

export type FlowAct =
  | FlowCommitAct
  | ClaimExecutionAct
  | ReleaseExecutionAct
  | DeleteExecutionAct
  | SettleChildAct
  | CreateTokenAct
  | DisposeTokensAct
  | SaveFlowsAct
  | SaveTriggerAct
  | DeleteTriggerAct
  | TriggerHeardAct;

/** Several executions, other runs that they start, and the firing that caused them: all or nothing. */
export interface FlowCommitAct {
  readonly kind: 'flowCommit';
  readonly writes: readonly ExecutionWrite[];
  /** Runs of code that are created with them. */
  readonly codeRuns: readonly Transition[];
  readonly firing: TriggerFiringWrite | null;
  /** If the first write makes its run due and nobody has it, this worker takes it in the same act. */
  readonly takeRunFor: string | null;
}

export interface ExecutionWrite {
  readonly shard: number;
  readonly runId: string;
  readonly now: number;
  /** The revision it must have: 0 means that there is no such run; null: whatever is there. */
  readonly expectedRevision: number | null;
  /** The epoch of the lease it is written under; null: it needs none. */
  readonly epoch: number | null;
  /** The row of a new run. */
  readonly create: RunRow | null;
  readonly status: RunStatus;
  readonly error: string | null;
  /** Which event carries the output of the run. */
  readonly outputEvent: number | null;
  readonly events: readonly NewEvent[];
  readonly steps: readonly FlowStepChange[];
  readonly waits: readonly FlowWaitChange[];
  readonly hooks: readonly FlowHookChange[];
  readonly state: ExecutionStateRow;
  /** True: what is not among `values` and `history` is forgotten. */
  readonly replace: boolean;
  readonly values: readonly ValueChange[];
  /** Entries at the end of the history, each as text. */
  readonly history: readonly string[];
  readonly key: KeyWrite | null;
  /** When a worker looks at it next by itself; null: never. */
  readonly dueAt: number | null;
  /** It is due at `at` once so many children of the group are finished. */
  readonly join: { readonly group: string; readonly wakeWhen: number; readonly at: number } | null;
  readonly children: readonly ChildWrite[];
  readonly settles: ChildEnd | null;
  readonly cancelChildren: { readonly group: string | null; readonly cancellation: string; readonly at: number } | null;
  /** A live token of this run that is gone afterwards. */
  readonly consumesToken: string | null;
  /** Events that event triggers may wait for; the store keeps those that one does. */
  readonly heard: readonly HeardEvent[];
}

export interface HeardEvent {
  readonly event: string;
  /** What a trigger sees of the execution, as text, where a later commit may change it; null: the execution is over and stays as it is. */
  readonly seen: string | null;
}

export interface ExecutionStateRow {
  readonly flowId: string;
  readonly tenantId: string | null;
  readonly revision: number;
  /**
   * The small fields, as text; rewritten by each commit. The status, `"status":"…"`, stands before the attempt: a store may tell by the
   * text alone what waits, without reading it as JSON (postgres/search-runs.ts).
   */
  readonly fields: string;
}

/**
 * A value that is kept apart from the small fields and written only when it changed. `path` is '' for the value of the key itself, else the
 * way below it; values come in the order of their `position`, and one below another belongs into it wherever it comes. Null removes the key with all below it.
 */
export interface ValueChange {
  readonly kind: 'field' | 'context' | 'visit';
  readonly key: string;
  readonly path: string;
  readonly value: string | null;
}

/**
 * The place of a value that a commit adds: after what came before it, unless a commit adds more than a thousand. Workers of older
 * releases count so too; whoever reads must not rely on it for more than the order of keys.
 */
export function valuePosition(revision: number, index: number): number {
  return revision * 1_000 + index;
}

export interface ValueRow extends ValueChange {
  readonly value: string;
}

/** Steps of a flow have no due time: step workers never see them (decisions B3). */
export interface FlowStepChange {
  readonly stepId: string;
  readonly stepName: string;
  /** The event with its input, where this write creates it; null: it is there. */
  readonly createdBy: number | null;
  readonly status: 'pending' | 'running' | 'completed' | 'failed';
  /** Bodies begun by this write. */
  readonly starts: number;
  readonly error: string | null;
  readonly outputEvent: number | null;
  readonly retryAfter: number | null;
}

export interface FlowWaitChange {
  readonly waitId: string;
  /** Of a new wait; null: the wait is over. */
  readonly resumeAt: number | null;
}

export interface FlowHookChange {
  readonly hookId: string;
  /** Of a new hook, with the event that created it; null: the hook is over and its token free. */
  readonly token: string | null;
  readonly eventIndex: number;
}

export interface KeyWrite {
  readonly tenantId: string | null;
  readonly flowId: string;
  readonly key: string;
  readonly expiresAt: number;
}

export interface KeyQuery {
  readonly key: string;
  readonly scope: { readonly tenantId: string | null; readonly flowId: string } | null;
  readonly now: number;
}

export interface ChildWrite {
  readonly group: string;
  readonly index: number;
  readonly childId: string;
  readonly kind: 'flow' | 'code';
}

export interface ChildEnd {
  readonly parentId: string;
  readonly group: string;
  readonly index: number;
  readonly childId: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly output: string | null;
  readonly error: string | null;
}

export interface ChildResultRow extends ChildEnd {
  readonly kind: 'flow' | 'code';
}

export interface ChildTallyRow {
  readonly created: number;
  readonly finished: number;
  readonly succeeded: number;
}

export interface ChildResultQuery {
  readonly parentId: string;
  readonly group: string;
  readonly after: number;
  readonly limit: number;
}

export interface ExecutionMark {
  readonly revision: number;
  readonly status: RunStatus;
  readonly leaseOwner: string | null;
  readonly leaseEpoch: number;
  readonly cancelRequest: string | null;
}

export interface ExecutionRows extends ExecutionStateRow {
  readonly runId: string;
  readonly cancelRequest: string | null;
  readonly values: readonly ValueRow[];
  readonly history: readonly string[];
}

/** Takes the lease of an execution that nobody has, due or not, if its owner is alive. */
export interface ClaimExecutionAct {
  readonly kind: 'claimExecution';
  readonly shard: number;
  readonly runId: string;
  readonly owner: string;
}

/** Gives it back; its due time stays as the last commit left it. */
export interface ReleaseExecutionAct {
  readonly kind: 'releaseExecution';
  readonly shard: number;
  readonly runId: string;
  readonly lease: Lease;
}

/** Forgets the run with all that is its own. */
export interface DeleteExecutionAct {
  readonly kind: 'deleteExecution';
  readonly shard: number;
  readonly runId: string;
}

/** Records the end of a child once, and makes its parent due if that was the one it waits for. */
export interface SettleChildAct {
  readonly kind: 'settleChild';
  readonly child: ChildEnd;
  readonly now: number;
}

/** A hook of a run that is not over, whose token is stored as a hash. */
export interface CreateTokenAct {
  readonly kind: 'createToken';
  readonly shard: number;
  readonly runId: string;
  readonly hookId: string;
  readonly token: string;
  readonly expiresAt: number | null;
  readonly event: NewEvent;
  readonly now: number;
}

/** One token, or all of a run. */
export interface DisposeTokensAct {
  readonly kind: 'disposeTokens';
  readonly of: { readonly token: string } | { readonly runId: string };
  readonly specVersion: number;
  readonly now: number;
}

/** Adds what is not there; of the others it says what is. */
export interface SaveFlowsAct {
  readonly kind: 'saveFlows';
  readonly flows: readonly { readonly flowId: string; readonly version: string; readonly definition: string }[];
  readonly now: number;
}

export interface TriggerRow {
  readonly triggerId: string;
  readonly type: string;
  readonly revision: number;
  readonly enabled: boolean;
  /** Of an http trigger. */
  readonly method: string | null;
  readonly path: string | null;
  /** Of an event trigger. */
  readonly event: string | null;
  readonly sourceFlowId: string | null;
  readonly nextFireAt: number | null;
  readonly createdAt: number;
  readonly definition: string;
}

export interface TriggerQuery {
  /** Enabled ones of this method and path. */
  readonly http?: { readonly method: string; readonly path: string };
  /** Enabled ones that hear of this event of this flow. */
  readonly event?: { readonly name: string; readonly flowId: string };
}

/** Stored if the row that is there has the revision before. */
export interface SaveTriggerAct {
  readonly kind: 'saveTrigger';
  readonly row: TriggerRow;
}

export interface DeleteTriggerAct {
  readonly kind: 'deleteTrigger';
  readonly triggerId: string;
}

export interface TriggerFiringWrite {
  readonly triggerId: string;
  readonly row: TriggerRow | null;
  /** What became of each firing, the oldest first, as text. */
  readonly firings: readonly string[];
  /** How many are kept. */
  readonly keep: number;
}

export interface TriggerEventRow extends HeardEvent {
  readonly position: number;
  readonly runId: string;
}

/** The event triggers of an event have fired, or there is nothing more to fire. */
export interface TriggerHeardAct {
  readonly kind: 'triggerHeard';
  readonly positions: readonly number[];
}

/** Why nothing was written. */
export type FlowLoss = 'revision' | 'lease' | 'key' | 'token' | 'exists' | 'trigger';

export interface FlowOutcomes {
  flowCommit:
    | {
        readonly kind: 'committed';
        readonly taken: TakenRun | undefined;
        /** Children that were asked to end. */
        readonly cancelledChildren: readonly string[];
        /** The parent became due. */
        readonly wokeParent: boolean;
        readonly heard: boolean;
      }
    | { readonly kind: 'lost'; readonly why: FlowLoss; readonly runId: string };
  claimExecution: { readonly kind: 'claimed'; readonly epoch: number | undefined; readonly ownerAlive: boolean };
  releaseExecution: { readonly kind: 'released'; readonly dueAt: number | null };
  deleteExecution: { readonly kind: 'deleted' };
  settleChild: { readonly kind: 'settled'; readonly first: boolean };
  createToken: { readonly kind: 'created'; readonly found: boolean };
  disposeTokens: { readonly kind: 'disposed'; readonly runId: string | undefined };
  saveFlows: {
    readonly kind: 'saved';
    readonly existing: readonly { readonly flowId: string; readonly version: string; readonly definition: string }[];
  };
  saveTrigger: { readonly kind: 'saved'; readonly held: boolean };
  deleteTrigger: { readonly kind: 'deleted' };
  triggerHeard: { readonly kind: 'heard' };
}
export type FlowOutcomeOf<A extends FlowAct> = FlowOutcomes[A['kind']];
export type FlowOutcome = FlowOutcomes[FlowAct['kind']];
