/**
 * The rows as every store keeps them: ids are text, instants epoch milliseconds, payloads bytes that stay in the event log.
 * An entity row never holds a payload: `inputSeq` and `outputSeq` say which event of the run carries it.
 */

export type RunStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
export type StepStatus = 'pending' | 'running' | 'completed' | 'failed';
export type HookStatus = 'live' | 'disposed' | 'conflict';
export type WaitStatus = 'waiting' | 'completed';

/** Who may deliver, and the how-manieth time it was given out: a write that carries an older epoch is refused. */
export interface Lease {
  readonly owner: string;
  readonly epoch: number;
}

/** What makes a row a message of the queue. */
export interface Due {
  /** When it may be delivered; null: there is nothing to deliver. */
  readonly dueAt: number | null;
  readonly leaseOwner: string | null;
  readonly leaseEpoch: number;
  /** Deliveries begun since the message last made progress. */
  readonly deliveries: number;
}

export interface RunRow extends Due {
  readonly shard: number;
  readonly runId: string;
  readonly namespace: string;
  readonly status: RunStatus;
  readonly deploymentId: string;
  readonly workflowName: string;
  readonly specVersion: number;
  readonly executionContext: string | null;
  /** Which secret encrypts its payloads; null: they are not encrypted. */
  readonly encryptionKeyId: string | null;
  readonly error: string | null;
  readonly inputSeq: number | null;
  readonly outputSeq: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly expiredAt: number | null;
  /** Sequence and instant of the newest event: the next one gets `lastSeq + 1` and never an earlier instant. */
  readonly lastSeq: number;
  readonly lastMs: number;
  /** Instant of the newest event that a replay did not make itself (spec/world.md B6). */
  readonly markerMs: number;
}

/** A run as the act that leased it left it. */
export interface TakenRun extends RunRow {
  /** Whether a wait of it is due: then the delivery completes it before it replays. */
  readonly waitsDue: 0 | 1;
  /** Whether messages wait in its inbox. */
  readonly inboxFull: 0 | 1;
}

export interface StepRow extends Due {
  readonly shard: number;
  readonly runId: string;
  readonly stepId: string;
  readonly namespace: string;
  readonly stepName: string;
  readonly status: StepStatus;
  readonly specVersion: number;
  /** Bodies begun: 0 before the first `step_started`. */
  readonly attempt: number;
  readonly error: string | null;
  readonly inputSeq: number;
  readonly outputSeq: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly retryAfter: number | null;
  /** What the message that queued it says beyond its row (trace context, headers, unknown fields); null: nothing. */
  readonly message: string | null;
  /** Grows by one with each change; a writer names the one it saw. */
  readonly version: number;
}

export interface WaitRow {
  readonly shard: number;
  readonly runId: string;
  readonly waitId: string;
  readonly status: WaitStatus;
  readonly specVersion: number;
  /** What the SDK asked for; handed back unchanged. */
  readonly resumeAt: number;
  /** The same instant by the clock of the store. */
  readonly dueAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  readonly version: number;
}

export interface HookRow {
  readonly shard: number;
  readonly runId: string;
  readonly hookId: string;
  readonly status: HookStatus;
  readonly token: string;
  readonly isWebhook: boolean;
  readonly specVersion: number;
  readonly createdAt: number;
  /** The event that carries the metadata, or the `hook_conflict` that answered the create. */
  readonly eventSeq: number;
  readonly version: number;
}

export interface EventRow {
  readonly runId: string;
  readonly seq: number;
  readonly type: string;
  readonly correlationId: string | null;
  readonly specVersion: number;
  readonly createdAt: number;
  readonly occurredAt: number | null;
  /** The small fields of `eventData`, as text. */
  readonly meta: string | null;
  /** The one large field of `eventData` (which one follows from the type), encoded. */
  readonly payload: Uint8Array | null;
}

export interface MessageRow extends Due {
  readonly shard: number;
  readonly messageId: string;
  readonly queueName: string;
  /** Of what is for steps it ends with "/step": whoever has a handler may have none of the other kind. */
  readonly namespace: string;
  readonly payload: Uint8Array;
  readonly headers: string | null;
  readonly idempotencyKey: string | null;
  /** Of the run, or asked for by who queued it; null: whichever. */
  readonly deploymentId: string | null;
  /** Set: delivered together with the next wake of this run, not by itself. */
  readonly runId: string | null;
  readonly createdAt: number;
}

export interface StreamRow {
  readonly shard: number;
  readonly name: string;
  readonly runId: string;
  readonly chunkCount: number;
  readonly closedAt: number | null;
  readonly createdAt: number;
}

export interface ChunkRow {
  readonly index: number;
  readonly data: Uint8Array;
}

export interface WorkerRow {
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  readonly deploymentId: string;
  readonly startedAt: number;
  /** False once its heartbeat is older than its lease, by the clock that leases are judged by. */
  readonly live: boolean;
}

export const terminalRunStatuses: readonly RunStatus[] = ['completed', 'failed', 'cancelled'];

export function isTerminal(status: RunStatus): boolean {
  return terminalRunStatuses.includes(status);
}

export function isStepTerminal(status: StepStatus): boolean {
  return status === 'completed' || status === 'failed';
}
