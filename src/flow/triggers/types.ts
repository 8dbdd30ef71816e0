import type { JSONSchema } from '../types.ts';

/** What starts executions by itself (flow.md §2, triggers). Plain JSON, stored in the World. */
export type Trigger = HttpTrigger | ScheduleTrigger | EventTrigger;

interface TriggerBase {
  id: string;
  flowId: string;
  /** Default: the newest published version when it fires. */
  version?: string;
  tenantId?: string;
  /** Default true. */
  enabled?: boolean;
  /**
   * JSONata that makes the context of the execution out of what the trigger saw. Without it the context is that:
   * `{ method, path, query, headers, body }`, `{ scheduledFor }` or `{ event, execution }`.
   */
  transform?: string;
}

export interface HttpTrigger extends TriggerBase {
  type: 'http';
  /** Matched exactly, without the query. */
  path: string;
  /** Default POST. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Checked against the body. */
  schema?: JSONSchema;
  signature?: SignatureCheck;
  /** The header whose value is the idempotency key: a webhook delivered twice starts one execution. */
  idempotencyKeyHeader?: string;
}

/** HMAC over the raw body, compared in constant time. */
export interface SignatureCheck {
  header: string;
  /** The secret itself, or the name of an environment variable that holds it. */
  secret: string | { env: string };
  /** Default sha256. */
  algorithm?: 'sha256' | 'sha1' | 'sha512';
  /** Default hex. */
  encoding?: 'hex' | 'base64';
  /** What stands before the signature, such as `sha256=`. */
  prefix?: string;
  /** If set, `<timestamp>.<body>` is signed, and a timestamp further off than the tolerance is refused. */
  timestampHeader?: string;
  /** Milliseconds; default 5 minutes. */
  toleranceMs?: number;
}

export interface ScheduleTrigger extends TriggerBase {
  type: 'schedule';
  /** Five fields, or six with seconds first. */
  cron: string;
  /** An IANA name; default UTC. A time that a clock change skips fires right after it, one that it repeats fires once. */
  timezone?: string;
  /** The context, before `transform`; `scheduledFor` is added to it. */
  context?: Record<string, unknown>;
  /** What becomes of firings that were missed while nobody worked; default latest. */
  catchUp?: 'skip' | 'latest' | 'all';
}

export interface EventTrigger extends TriggerBase {
  type: 'event';
  event: 'execution:completed' | 'execution:failed' | 'execution:cancelled' | 'execution:waiting' | 'execution:started';
  /** Only executions of this flow. */
  sourceFlowId?: string;
  /** JSONata over `{ event, execution }` that must be true. */
  condition?: string;
}

/** A trigger as it is stored. */
export interface TriggerRecord {
  readonly trigger: Trigger;
  /** Grows by one with each change: who fires a schedule compares and swaps, so one worker wins. */
  readonly revision: number;
  readonly createdAt: number;
  /** For a schedule: the occurrence that is next. */
  readonly nextFireAt?: number;
}

/** What became of one firing. */
export interface Firing {
  readonly triggerId: string;
  readonly firedAt: number;
  /** For a schedule: the occurrence it stands for. */
  readonly scheduledFor?: number;
  /** For an event trigger: the event, the execution it was of, and the revision of that, for which it fires once. */
  readonly heard?: string;
  readonly executionId?: string;
  /** True if the idempotency key named an execution that was there already. */
  readonly duplicate?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
}
