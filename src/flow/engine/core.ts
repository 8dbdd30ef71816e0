import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ContextLimits } from '../context.ts';
import type { ExecutionIndex, SpawnedCode } from '../execution-index.ts';
import type { EventBus, FlowRegistry, HandlerRegistry, ResumeTokenManager, StateStore } from '../ports.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Execution } from '../types.ts';
import type { FlowSource } from './flow-source.ts';

export interface EngineOptions {
  readonly events?: EventBus;
  readonly tokens?: ResumeTokenManager;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Steps of one execution before it fails with MAX_STEPS; default 10,000. */
  readonly maxSteps?: number;
  /** Times one attempt may be begun before it fails with MAX_DELIVERIES; default 10. */
  readonly maxDeliveries?: number;
  /** Executions above an execution before a child fails with MAX_STEPS; default 32. */
  readonly maxDepth?: number;
  readonly contextLimits?: Partial<ContextLimits>;
  /** Milliseconds for one attempt of a step that names no `timeout`; default 5 minutes. */
  readonly defaultStepTimeout?: number;
  readonly ids?: IdSource;
  readonly sandbox?: Sandbox;
  readonly random?: () => number;
  readonly code?: CodePort;
  readonly progress?: ProgressPort;
  /** Names this engine in leases; default a random one. */
  readonly owner?: string;
}

/** Where ids come from. The World mints ids of children onto the shard of their parent. */
export interface IdSource {
  execution(now: number): string;
  child(parentId: string, now: number): string;
}

/** Starts runs of "use workflow" functions; a store that does so itself in its commit needs none. */
export interface CodePort {
  /** Idempotent by the child's id. Its end is reported by `engine.settleChild`. */
  start(child: SpawnedCode): Promise<void>;
}

/** Takes what handlers report while they work. */
export type ProgressPort = (report: {
  readonly executionId: string;
  readonly stepId: string;
  readonly percent: number;
  readonly message?: string;
}) => Promise<void>;

/** What the parts of an engine share. */
export interface EngineCore {
  readonly store: StateStore;
  readonly index: ExecutionIndex;
  readonly handlers: HandlerRegistry;
  readonly flows: FlowSource;
  readonly registry: FlowRegistry;
  readonly events: EventBus;
  readonly tokens: ResumeTokenManager;
  /** The same, for handlers. */
  readonly handlerTokens: ResumeTokenManager;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxSteps: number;
  readonly maxDeliveries: number;
  readonly maxDepth: number;
  readonly limits: ContextLimits;
  readonly defaultStepTimeout: number;
  readonly ids: IdSource;
  readonly sandbox: Sandbox;
  readonly random: () => number;
  readonly code: CodePort | undefined;
  readonly progress: ProgressPort | undefined;
  readonly owner: string;
  /** Attempts in progress in this engine, by execution. */
  readonly running: Map<string, RunningAttempt>;
  readonly watchers: Watchers;
  /** Hashes of tokens this engine let in or left behind, for token managers that cannot consume or cannot revoke by hash. */
  readonly usedTokens: Set<string>;
  /** Aborted when the engine closes. */
  readonly shutdown: AbortSignal;
}

/** Ways to end a handler call from outside. */
export interface RunningAttempt {
  cancel(): void;
  drain(): void;
}

/** Told of every commit of this process, so that waiting for one needs no polling. */
export interface Watchers {
  /** `tell` gets the execution as it was committed. */
  watch(executionId: string, tell: (execution: Execution) => void): () => void;
  watchAll(wake: () => void): () => void;
  notify(execution: Execution): void;
  /** Something became due that no commit of an execution tells of. */
  wakeAll(): void;
}

export function createWatchers(): Watchers {
  const byId = new Map<string, Set<(execution: Execution) => void>>();
  const all = new Set<() => void>();
  return {
    watchAll(wake) {
      all.add(wake);
      return () => all.delete(wake);
    },
    watch(executionId, tell) {
      const listeners = byId.get(executionId) ?? new Set();
      byId.set(executionId, listeners.add(tell));
      return () => {
        listeners.delete(tell);
        if (listeners.size === 0) byId.delete(executionId);
      };
    },
    notify(execution) {
      const listeners = byId.get(execution.id);
      if (listeners) for (const tell of [...listeners]) tell(execution);
      for (const wake of all) wake();
    },
    wakeAll() {
      for (const wake of all) wake();
    },
  };
}

const mostUsedTokens = 10_000;

export function noteUsed({ usedTokens }: EngineCore, hash: string): void {
  usedTokens.add(hash);
  if (usedTokens.size > mostUsedTokens) usedTokens.delete(usedTokens.values().next().value as string);
}
