import type { FlowAct, FlowOutcome, FlowStore } from './flow-port.ts';
import type { AuditRow, OperatorReads } from './operator-port.ts';
import type { ThreadBeat } from './thread-beat.ts';
import type { Transition } from './transition.ts';
import type { CorrelationQuery, EventKey, EventQuery, OfRun, RunQuery } from './page-queries.ts';
import type { ChunkRow, EventRow, HookRow, Lease, MessageRow, RunRow, StepRow, StreamRow, TakenRun, WaitRow, WorkerRow } from './rows.ts';

/**
 * What the World needs of a store. Every act is atomic, takes and gives plain data, and decides nothing: the rules are in `world/rules`.
 */
export interface Store {
  /** Creates or upgrades the schema, refuses one that is newer than this code. Safe against two processes at once. */
  open(): Promise<void>;
  /** Idempotent; calls that follow are refused. */
  close(): Promise<void>;
  /** The instant by the clock of the store. */
  now(): number;

  /**
   * Performs one act, in one transaction with whatever else is waiting; durable when it resolves. A `lost` outcome means that a guard no
   * longer held and nothing was written. Rejects with `unavailable` (503) if the store cannot make it durable.
   */
  commit<A extends Act>(act: A, heard?: Heard<OutcomeOf<A>>): Promise<OutcomeOf<A>>;

  loadState(key: StateKey): Promise<State>;
  getRun(runId: string): Promise<RunRow | undefined>;
  listRuns(query: RunQuery): Promise<readonly RunRow[]>;
  getStep(runId: string | undefined, stepId: string): Promise<StepRow | undefined>;
  listSteps(query: OfRun): Promise<readonly StepRow[]>;
  countBurst(runId: string): Promise<StepBurst>;
  getEvent(runId: string, seq: number): Promise<EventRow | undefined>;
  /** Without payloads the blobs are not even read. */
  listEvents(query: EventQuery): Promise<readonly EventRow[]>;
  listEventsByCorrelation(query: CorrelationQuery): Promise<readonly EventRow[]>;
  /** The payload of each of these events, in order; undefined where there is none. */
  readPayloads(keys: readonly EventKey[]): Promise<readonly (Uint8Array | undefined)[]>;
  getHook(hookId: string): Promise<HookRow | undefined>;
  getHookByToken(token: string): Promise<HookRow | undefined>;
  listHooks(query: Omit<OfRun, 'runId'> & { readonly runId?: string }): Promise<readonly HookRow[]>;
  listInbox(runId: string): Promise<readonly MessageRow[]>;

  getStream(name: string): Promise<StreamRow | undefined>;
  listStreams(runId: string): Promise<readonly string[]>;
  readChunks(name: string, from: number, limit: number): Promise<readonly ChunkRow[]>;

  /** When the first of what nobody has, and `filter` admits, becomes due; undefined: nothing does until then. */
  nextDueAt(filter: ClaimFilter, until: number): Promise<number | undefined>;
  /** With which keys the runs are encrypted that are due, or have a step that is, and that nobody has. */
  listDueKeyIds(now: number): Promise<readonly string[]>;
  listWorkers(): Promise<readonly WorkerRow[]>;
  /** True if a worker died, or a lease belongs to one that is not known any more: then a reap has something to do. */
  hasDeadWorkers(): Promise<boolean>;
  getSetting(key: string): Promise<string | undefined>;
  /** How many runs a prune would delete by and by. */
  countPrunable(query: PruneQuery): Promise<RunCounts>;
  /** The runs that are not over, by the deployment that they belong to. */
  countOpenRuns(): Promise<readonly OpenRuns[]>;
  /** What flows need beside. */
  readonly flows: FlowStore;
  /** What those who look after runs read beside. */
  readonly operator: OperatorReads;
  /** How another thread of this process renews a lease here; undefined where it cannot: in memory, or by a clock that is not the system's. */
  readonly threadBeat?: ThreadBeat | undefined;
  /** Calls back when another process may have committed something; a hint, never the only way to notice. */
  onForeignCommit(listener: () => void): () => void;
  /** Calls back after each transaction of this store, done or failed; for those who measure and those who watch. */
  onCommit(listener: (note: CommitNote) => void): () => void;
}

/** The steps of a run that are open, and those that have ended since the oldest of them was created. */
export interface StepBurst {
  readonly open: number;
  readonly ended: number;
}

/** What may be told of an act before its commit resolves. Each is called at most once, and not by every store. */
export interface Heard<O> {
  /**
   * The outcome, when the act is done and every later act builds on it, which may be before it is durable: for what reaches the outside by
   * later acts only, for those are durable no earlier. It answers whether this process goes on with it meanwhile.
   */
  onWritten?(outcome: O): boolean;
  /**
   * What will come of it if nobody else interferes, while the database performs it. For what can be thrown away: nothing may reach the
   * outside, not even by a later act, before the function that it returns is told that this was right. It is told so, or the contrary,
   * before anything is heard of what came.
   */
  onForeseen?(outcome: O): (right: boolean) => void;
}

/** One transaction, of one or many acts. */
export interface CommitNote {
  readonly acts: readonly (Act | FlowAct)[];
  /** One for each act; none if it failed. An act whose outcome comes later is told of in a note of its own. */
  readonly outcomes: readonly (Outcome | FlowOutcome)[];
  readonly ms: number;
  readonly error?: unknown;
}

export type Act =
  | WriteAct
  | WakeAct
  | EnqueueAct
  | WithdrawAct
  | QueueStepAct
  | ClaimAct
  | SettleAct
  | AdoptAct
  | AppendAct
  | HeartbeatAct
  | ReapAct
  | LeaveAct
  | SweepStreamsAct
  | PruneAct
  | AuditAct;

export interface WriteAct {
  readonly kind: 'write';
  readonly transition: Transition;
  /** If the write makes the run due and nobody has it, this worker takes it in the same act; one that is not alive takes nothing. */
  readonly takeRunFor: string | null;
}

/** Makes a run due; where there is no such run (or a finished one) nothing happens and the outcome says so. */
export interface WakeAct {
  readonly kind: 'wake';
  readonly shard: number;
  readonly runId: string;
  readonly dueAt: number;
  readonly now: number;
  readonly takeRunFor: string | null;
}

/** Adds a message; one with a key that a waiting or running message already has is not added, and its id returned instead. */
export interface EnqueueAct {
  readonly kind: 'enqueue';
  readonly message: MessageRow;
  /** The run of the message becomes due at this instant in the same act. */
  readonly wakeRunAt: number | null;
}

/** Deletes a message that no worker has. */
export interface WithdrawAct {
  readonly kind: 'withdraw';
  readonly shard: number;
  readonly messageId: string;
}

/**
 * Adds to an open step that nobody has what its message says beyond its row, and makes it due if it is not: a delivery may have ended
 * without an end of the step.
 */
export interface QueueStepAct {
  readonly kind: 'queueStep';
  readonly shard: number;
  readonly runId: string;
  readonly stepId: string;
  readonly message: string | null;
  readonly dueAt: number;
}

export interface ClaimFilter {
  /** Of each kind what is of these namespaces; none: nothing of that kind. */
  readonly namespaces: Readonly<Record<DeliveryKind, readonly string[]>>;
  /** Only these steps; null: any. */
  readonly stepNames: readonly string[] | null;
  /** Only runs of this deployment, and messages that are not for another one; null: any. */
  readonly deploymentId: string | null;
  /** Only runs that are not encrypted or are with one of these keys, and steps of such; null or absent: any. */
  readonly keyIds?: readonly string[] | null;
}

export type DeliveryKind = 'run' | 'step' | 'message';

/** Executions of flows are delivered as runs of code are, and claimed apart from them. */
export type ClaimKind = DeliveryKind | 'flow';

/**
 * Leases what is due to `owner`, of each kind what is due longest first; the owner has to be alive: one that was given up, or whose heartbeat
 * ran out, takes nothing.
 */
export interface ClaimAct {
  readonly kind: 'claim';
  readonly owner: string;
  readonly now: number;
  readonly filter: ClaimFilter;
  readonly limits: Readonly<Record<ClaimKind, number>>;
  /** Where a look has found the first that is due: what others have before that, however much, is not looked at again. */
  readonly from?: number | undefined;
  /** Up to when the outcome is to say what becomes due next; absent: it is not asked. */
  readonly until?: number | undefined;
}

/** Ends a delivery. A lease that was lost meanwhile makes it a no-op. */
export interface SettleAct {
  readonly kind: 'settle';
  readonly of: DeliveryKind;
  readonly shard: number;
  /** Of a run, a step or a message. */
  readonly runId: string | null;
  readonly id: string;
  readonly lease: Lease;
  readonly now: number;
  readonly result: SettleResult;
  /** If the run is due again at once, this worker keeps it. */
  readonly takeRunFor: string | null;
  /** Messages that were delivered together with a run. */
  readonly inbox: readonly string[];
}

export type SettleResult =
  /** Delivered. */
  | { readonly kind: 'done' }
  /** Delivered, and to be delivered anew at this instant. No attempt is counted. */
  | { readonly kind: 'again'; readonly dueAt: number }
  /**
   * Not delivered; the next try counts as one more attempt. `postpones`: whatever it became due for meanwhile waits until then as well.
   */
  | { readonly kind: 'retry'; readonly dueAt: number; readonly postpones?: boolean }
  /** Given back untouched, as a worker does that shuts down: not an attempt. */
  | { readonly kind: 'release'; readonly dueAt: number };

/** Passes a delivery on to the process that received it over HTTP, if that is alive; `held: false` if the lease was lost before. */
export interface AdoptAct {
  readonly kind: 'adopt';
  readonly of: DeliveryKind;
  readonly shard: number;
  readonly runId: string | null;
  readonly id: string;
  readonly lease: Lease;
  readonly owner: string;
}

export interface AppendAct {
  readonly kind: 'append';
  readonly shard: number;
  readonly name: string;
  readonly runId: string;
  readonly chunks: readonly Uint8Array[];
  readonly close: boolean;
  readonly now: number;
}

/** Registers a worker, or prolongs its life: `known: false` if it was given up for dead meanwhile. */
export interface HeartbeatAct {
  readonly kind: 'heartbeat';
  readonly workerId: string;
  readonly leaseMs: number;
  readonly register: Readonly<{ host: string; pid: number; deploymentId: string; startedAt: number }> | null;
}

/** Gives back everything that is held by a worker whose heartbeat ran out or that nobody knows, and forgets the dead. */
export interface ReapAct {
  readonly kind: 'reap';
  readonly now: number;
}

/** Gives back everything that this worker holds, without counting an attempt, and forgets it. */
export interface LeaveAct {
  readonly kind: 'leave';
  readonly workerId: string;
  readonly now: number;
}

/** Deletes streams that belong to no run (health checks) and are older than `before`. */
export interface SweepStreamsAct {
  readonly kind: 'sweepStreams';
  readonly namePrefix: string;
  readonly before: number;
}

export type EndedStatus = 'completed' | 'failed' | 'cancelled';

/** Runs that ended before this instant, by how they ended; null: none of them. */
export type EndedBefore = Readonly<Record<EndedStatus, number | null>>;

export interface PruneQuery {
  readonly now: number;
  readonly before: EndedBefore;
}

/**
 * Deletes runs that ended long ago with all that is theirs, the oldest first, but none whose idempotency key is still live. At most about
 * `maxRows` rows: a run that has more is marked as expired and goes on being deleted by the next one.
 */
export interface PruneAct extends PruneQuery {
  readonly kind: 'prune';
  readonly maxRows: number;
}

/** Adds a line to the audit log; one that is there already stays. Lines before `keepFrom`, an id, go. */
export interface AuditAct {
  readonly kind: 'audit';
  readonly row: AuditRow;
  readonly keepFrom: string;
}

/** What an owner claims that is not alive. */
export const claimedByTheDead: Outcomes['claim'] = {
  kind: 'claimed',
  claims: { runs: [], steps: [], messages: [] },
  nextDueAt: undefined,
  ownerAlive: false,
};

export interface Claims {
  readonly runs: readonly TakenRun[];
  readonly steps: readonly ClaimedStep[];
  readonly messages: readonly MessageRow[];
}

/** A step and its run, as of the claim. */
export interface ClaimedStep {
  readonly step: StepRow;
  readonly run: RunRow;
  /** For a step that was born leased: the `step_started` that was written with it, and its input; null: it is yet to be started. */
  readonly birth: Birth | null;
}

export interface Birth {
  readonly startedSeq: number;
  readonly input: Uint8Array | null;
  /** Settles when it is on the disk, before which the body must not begin; its outcome is that of the write of the step. */
  readonly durable: Promise<Outcomes['write']>;
  /** It was done, and not only foreseen: if the disk does not keep it, the step is there and leased all the same. */
  readonly isWritten: boolean;
}

export interface Outcomes {
  write:
    | { readonly kind: 'written'; readonly firstSeq: number; readonly at: number; readonly taken: TakenRun | undefined }
    | { readonly kind: 'lost' }
    /** A step was to be born leased to a worker that is not alive: nothing was written. */
    | { readonly kind: 'ownerDead' };
  wake: { readonly kind: 'woken'; readonly found: boolean; readonly taken: TakenRun | undefined };
  enqueue: { readonly kind: 'enqueued'; readonly messageId: string };
  /** `found`: false, for a worker has it or has ended it. */
  withdraw: { readonly kind: 'withdrawn'; readonly found: boolean };
  queueStep: { readonly kind: 'queued'; readonly found: boolean };
  /**
   * `nextDueAt`: of what becomes due to the same filter after `now`, but for the kinds of which as many were claimed as might be;
   * `ownerAlive`: false, and nothing was looked for.
   */
  claim: { readonly kind: 'claimed'; readonly claims: Claims; readonly nextDueAt: number | undefined; readonly ownerAlive: boolean };
  settle: { readonly kind: 'settled'; readonly held: boolean; readonly taken: TakenRun | undefined };
  /** `ownerAlive: false`: the lease stays where it is. */
  adopt: { readonly kind: 'adopted'; readonly held: boolean; readonly ownerAlive: boolean };
  /** `from`: the index of the first of them; undefined where the stream was over and they were ignored, or the store does not say. */
  append: { readonly kind: 'appended'; readonly chunkCount: number; readonly from?: number | undefined };
  heartbeat: { readonly kind: 'alive'; readonly known: boolean };
  reap: { readonly kind: 'reaped'; readonly workers: readonly string[]; readonly deliveries: number };
  leave: { readonly kind: 'left' };
  sweepStreams: { readonly kind: 'swept'; readonly streams: number };
  audit: { readonly kind: 'audited' };
  /** How many runs are gone, by how they ended; `more`: it stopped at the limit. */
  prune: { readonly kind: 'pruned'; readonly runs: RunCounts; readonly rows: number; readonly more: boolean };
}
export type RunCounts = Readonly<Record<EndedStatus, number>>;
export type OutcomeOf<A extends Act> = Outcomes[A['kind']];
export type Outcome = Outcomes[Act['kind']];

export interface OpenRuns {
  readonly deploymentId: string;
  readonly status: 'pending' | 'running';
  readonly runs: number;
  readonly oldestCreatedAt: number;
}

export interface StateKey {
  readonly runId: string;
  readonly stepId?: string;
  readonly waitId?: string;
  readonly hookId?: string;
  readonly token?: string;
  /** Also the waits that go on, the one that ends first before the others. */
  readonly openWaits?: boolean;
}

/** What a rule needs to know, as of one moment. */
export interface State {
  readonly run: RunRow | undefined;
  readonly step?: StepRow | undefined;
  readonly wait?: WaitRow | undefined;
  readonly hook?: HookRow | undefined;
  readonly tokenHolder?: { readonly runId: string; readonly hookId: string } | undefined;
  readonly openWaits?: readonly WaitRow[];
}
