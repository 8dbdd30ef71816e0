import type { ExecutionIndex } from './execution-index.ts';
import type { Execution, Flow, StepHandler } from './types.ts';

/** Where executions live. Four methods are enough; `index` adds what workers need (decisions C2). */
export interface StateStore {
  /**
   * Succeeds if the stored revision equals `execution.revision` (absent in the store counts as 0) and stores
   * `revision + 1`; else throws EXECUTION_CONFLICT. Without a `revision` field it is an unconditional upsert.
   * Never changes its argument (decisions C1). A first save whose idempotency key is held by a live execution
   * in the same scope throws EXECUTION_CONFLICT (decisions C3).
   */
  save(execution: Execution): Promise<void>;
  /** A copy that the caller may change and save. */
  load(id: string): Promise<Execution | null>;
  delete(id: string): Promise<void>;
  /** The newest live execution with that key; the scope narrows it to one tenant and flow. */
  findByIdempotencyKey(key: string, scope?: IdempotencyScope): Promise<Execution | null>;
  /** Rules 1, 6, 7, 11 and 13 of flow.md §4 are promised for stores that have it. */
  readonly index?: ExecutionIndex;
}

export interface IdempotencyScope {
  tenantId?: string;
  flowId: string;
}

export interface HandlerRegistry {
  register(handler: StepHandler): void;
  get(type: string): StepHandler | undefined;
  has(type: string): boolean;
  list(): StepHandler[];
}

export interface FlowRegistry {
  /** Validates at once; the same id and version again is a no-op if the content is the same (decisions C7). */
  register(flow: Flow): void;
  /** Without a version: the newest published one. */
  get(id: string, version?: string): Flow | undefined;
  has(id: string): boolean;
  list(): Flow[];
  /** Fetches a version that is not in the cache; without one, the newest published that there is now, as `create` asks each time. */
  load?(id: string, version?: string): Promise<Flow | undefined>;
  /**
   * Makes what was registered durable; the Engine calls it before it creates an execution, with the flow of that. Throws INVALID_FLOW where
   * this flow, or without one any, was registered with other content than is stored.
   */
  flush?(flow?: Pick<Flow, 'id' | 'version'>): Promise<void>;
  /** The version as it is stored, whatever was registered: executions under way are pinned to it. Default: `get`, then `load`. */
  stored?(id: string, version: string): Promise<Flow | undefined>;
}

export interface EventBus {
  on<T>(event: string, handler: (data: T) => void): void;
  off<T>(event: string, handler: (data: T) => void): void;
  emit<T>(event: string, data: T): void;
}

export interface ResumeTokenManager {
  /** A fresh single-use token of an execution; `ttl` in milliseconds, absent: until the execution ends. */
  create(executionId: string, ttl?: number): Promise<string>;
  /** The execution a live token belongs to, else null. */
  validate(token: string): Promise<string | null>;
  revoke(token: string): Promise<void>;
  /** Takes a live token: the first caller gets its execution, every later one null. */
  consume?(token: string): Promise<string | null>;
  /** As `revoke`, for who knows only what `waitMetadata.token` holds: `sha256:...`. */
  revokeHash?(hash: string): Promise<void>;
  /** Makes every token of an execution worthless. */
  revokeAll?(executionId: string): Promise<void>;
}
