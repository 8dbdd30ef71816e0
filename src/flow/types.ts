import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ChildSpec, ChildrenView } from './children.ts';
import type { ResumeTokenManager } from './ports.ts';
import type { AnySchema } from './standard-schema.ts';

/** A JSON Schema, draft 2020-12. */
export type JSONSchema = boolean | { readonly [keyword: string]: unknown };

/** A workflow written as plain JSON: a graph of steps, each naming a handler type (flow.md §1). */
export interface Flow {
  id: string;
  /** Semver without build metadata, ordered as semver: 10.0.0 is newer than 9.0.0. */
  version: string;
  name?: string;
  description?: string;
  tags?: string[];
  /** Only published flows, the default, start new executions. */
  status?: 'draft' | 'published' | 'archived';
  initialStepId: string;
  /** The key of a step is its id. */
  steps: Record<string, Step>;
  /** Checked against the context when an execution is created. */
  inputSchema?: JSONSchema;
  /** What the execution returns; by default its whole context. */
  output?: InputSelector;
  /** Free. `metadata.onCancel` names the step at which compensation begins. */
  metadata?: Record<string, unknown>;
}

export interface Step {
  id: string;
  /** The type of the handler that does this step. */
  type: string;
  name?: string;
  /** Handed to the handler as it is, never interpolated. */
  config?: Record<string, unknown>;
  input: InputSelector;
  /** A dot path into the context, where the output is stored. */
  outputKey?: string;
  transitions: StepTransitions;
  /** Milliseconds for one attempt. */
  timeout?: number;
  retries?: RetryConfig;
}

/** The step that follows; null completes the execution (for `onFailure` it fails it). */
export interface StepTransitions {
  onSuccess: string | null;
  onFailure?: string | null;
  onResume?: string | null;
  onTimeout?: string | null;
}

export interface RetryConfig {
  /** Attempts after the first. */
  maxAttempts: number;
  backoff?: 'fixed' | 'exponential';
  /** Milliseconds before the first retry; default 1,000. */
  initialDelay?: number;
  /** Milliseconds no back-off exceeds; default 5 minutes. */
  maxDelay?: number;
  /** Spreads each delay over its upper half, so that many failures do not come back at once. */
  jitter?: boolean;
  /** Error codes that are tried again; absent: every retryable error. */
  retryOn?: string[];
}

export type InputSelector =
  | { type: 'key'; key: string }
  | { type: 'keys'; keys: string[] }
  | { type: 'path'; path: string }
  | { type: 'template'; template: unknown }
  | { type: 'full' }
  | { type: 'static'; value: unknown }
  /** JSONata, evaluated apart from this thread with a time and depth limit. */
  | { type: 'expression'; expression: string };

export type ExecutionStatus = 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';

/** One durable run of a flow: its id is the run's id (flow.md §3). Instants are milliseconds since the epoch. */
export interface Execution {
  id: string;
  flowId: string;
  flowVersion: string;
  tenantId?: string;
  status: ExecutionStatus;
  /** The step it is at; null once there is none left. */
  currentStepId: string | null;
  context: Record<string, unknown>;
  output?: unknown;
  history: StepHistoryEntry[];
  error?: ExecutionError;
  waitMetadata?: WaitMetadata;
  cancellation?: CancellationInfo;
  createdAt: number;
  updatedAt: number;
  startedAt?: number;
  completedAt?: number;
  failedAt?: number;
  cancelledAt?: number;
  idempotencyKey?: string;
  idempotencyExpiresAt?: number;
  parentExecutionId?: string;
  metadata?: Record<string, unknown>;
  /** Grows by one with each save; save is a compare-and-swap on it. */
  revision: number;

  /** The context it was created with, from which `retry` rebuilds. */
  input?: Record<string, unknown>;
  /** Where it began, if not at the flow's initial step: branches, items and compensation. */
  startStepId?: string;
  /** The attempt in progress, or the one a retry or a wait will continue. */
  attempt?: StepAttempt;
  /** How often each step was entered. */
  visits: Record<string, number>;
  /** Steps entered so far, what MAX_STEPS counts. */
  stepCount: number;
  /** When the next attempt is due. */
  retryAt?: number;
  /** When the execution as a whole is cancelled, source `timeout`. */
  deadlineAt?: number;
  /** What the handler of the current step visit saved. */
  checkpoint?: unknown;
  /** The children the current wait is for. */
  join?: ChildJoin;
  /** The step of the parent that started it. */
  parentStep?: ParentStep;
  /** How many parents are above it. */
  depth?: number;
  /** Tokens used before their wait was durable, applied when it comes. */
  earlyResumes?: EarlyResume[];
  /** Ids of its children, kept only for stores without the `index` capability, which cannot look them up. */
  children?: ChildRef[];
}

/** `status` tells what becomes of it: being run, to be tried again at `retryAt`, or parked in a wait. */
export interface StepAttempt {
  stepId: string;
  /** The how-manieth time this step was entered. */
  visit: number;
  attempt: number;
  /** How often this attempt was begun since it last answered; more than one means that a worker died in it. */
  deliveries: number;
  status: 'started' | 'retrying' | 'waiting';
  startedAt: number;
  input?: unknown;
  /** What ended the wait that this attempt goes on from. */
  resumedBy?: 'resume' | 'timer';
}

export interface ParentStep {
  stepId: string;
  /** The step attempt that started the child, see `groupOf`. */
  group: string;
  /** Its place among the children of that attempt. */
  index: number;
}

export interface ChildRef {
  id: string;
  group: string;
  index: number;
}

export interface ChildJoin {
  group: string;
  /** Children started so far. */
  created: number;
  /** The parent is due once so many of them are finished. */
  wakeWhen: number;
  /** The claim under which the handler answered, or was left by a worker that shut down. */
  epoch?: number;
  /** One of the calls because of children may be lost: they are counted as deliveries since. */
  counted?: boolean;
}

export interface EarlyResume {
  /** `sha256:...` of the token. */
  token: string;
  data?: unknown;
  at: number;
}

export interface StepHistoryEntry {
  stepId: string;
  type: string;
  attempt: number;
  status: 'success' | 'failure' | 'wait';
  input: unknown;
  output?: unknown;
  error?: ExecutionError;
  startedAt: number;
  completedAt: number;
  /** Milliseconds. */
  duration: number;
  visit?: number;
}

export interface ExecutionError {
  code: string;
  message: string;
  stepId?: string;
  /** Absent counts as true for a failure that a handler returns. */
  retryable?: boolean;
  /** `retryAfterMs` delays the next attempt at least so long. */
  details?: Record<string, unknown>;
}

export interface WaitMetadata {
  wakeAt?: number;
  reason?: string;
  /** Stored as `sha256:...`; the plain token is handed out once, by the call that made the wait. */
  token?: string;
  /** No token ends this wait: one that is used meanwhile is kept for a later one. */
  keepsTokens?: boolean;
}

export interface CancellationInfo {
  source: 'user' | 'system' | 'timeout' | 'admin' | 'parent';
  reason?: string;
  cancelledAt: number;
}

/** The payload of the three `step:*` events. */
export interface StepEvent {
  executionId: string;
  flowId: string;
  flowVersion: string;
  stepId: string;
  type: string;
  attempt: number;
  at: number;
  input?: unknown;
  output?: unknown;
  error?: ExecutionError;
  duration?: number;
}

/** A step's implementation. Its schemas may be JSON Schema or any Standard Schema. */
export interface StepHandler {
  type: string;
  stateful?: boolean;
  metadata?: HandlerMetadata;
  execute(params: HandlerParams): Promise<HandlerResult>;
}

export interface HandlerMetadata {
  name?: string;
  description?: string;
  category?: string;
  configSchema?: AnySchema;
  inputSchema?: AnySchema;
  outputSchema?: AnySchema;
  /** Milliseconds for one attempt of a step that names no `timeout`. */
  defaultTimeout?: number;
  /** For a step that names no `retries`. */
  defaultRetries?: RetryConfig;
  /** Problems of a step's config that a schema cannot say; the pointers begin below `config`. */
  checkConfig?(config: Readonly<Record<string, unknown>>, flow: Flow): readonly FlowProblem[];
}

/** One thing wrong with a flow, at an RFC 6901 JSON pointer. */
export interface FlowProblem {
  pointer: string;
  message: string;
}

/** Everything a handler is given is frozen. */
export interface HandlerParams {
  input: unknown;
  config: Record<string, unknown>;
  context: Readonly<Record<string, unknown>>;
  step: Step;
  execution: Readonly<Execution>;
  attempt: number;
  /** Stable over retries and redeliveries of this step visit: hand it to the outside world. */
  idempotencyKey: string;
  /** Aborted by the step's time-out, cancellation, a lost lease and shutdown. */
  signal: AbortSignal;
  tokens: ResumeTokenManager;
  checkpoint: Checkpoint;
  progress(percent: number, message?: string): Promise<void>;
  logger: Logger;
  clock: Clock;
  /** Set when this call follows a wait of the same step visit. */
  resumed?: Resumption;
  /** The children this step attempt started. */
  children: ChildrenView;
  /** Evaluates JSONata apart from this thread; throws INPUT_RESOLUTION_ERROR. */
  evaluate(expression: string, data: unknown): Promise<unknown>;
}

export interface Checkpoint {
  load<T>(): Promise<T | undefined>;
  /** Durable when it resolves; gone when the step is left. */
  save(value: unknown): Promise<void>;
}

export type Resumption = { by: 'resume'; data?: unknown } | { by: 'timer' } | { by: 'children' };

export type HandlerResult =
  | { type: 'success'; output?: unknown; next?: string | null }
  | { type: 'failure'; error: ExecutionError; next?: string | null }
  | WaitResult;

export interface WaitResult {
  type: 'wait';
  wakeAt?: number;
  reason?: string;
  /** The token that ends it; absent: any token of the execution. */
  token?: string;
  /** True: no token ends it, so that one which is used meanwhile is kept for the wait it was made for. */
  keepsTokens?: boolean;
  /** Stored under the step's `outputKey` while it waits. */
  output?: unknown;
  /** Children to start with this wait, in one commit. */
  spawn?: readonly ChildSpec[];
  /** Call the handler again once so many children of this attempt are finished. */
  wakeWhen?: number;
}

/** What one step came to, as `run` and `step` report it. */
export interface StepResult {
  stepId: string;
  attempt: number;
  status: 'success' | 'failure' | 'wait' | 'retry' | 'cancelled';
  output?: unknown;
  error?: ExecutionError;
  /** For `retry`: when the next attempt is due. */
  retryAt?: number;
  executionStatus: ExecutionStatus;
}

export interface RunResult {
  status: ExecutionStatus;
  stepResults: StepResult[];
  error?: ExecutionError;
  waitMetadata?: WaitMetadata;
  output?: unknown;
}
