import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { newUlid } from '../base/ulid.ts';
import { createBasicIndex } from './basic-index.ts';
import type { ChildResult } from './children.ts';
import { contextLimits } from './context.ts';
import { dueAtOf } from './decide/due.ts';
import { isTerminal } from './decide/transition.ts';
import { cancelById, type CancelOptions, type CancelResult } from './engine/cancel.ts';
import { createWatchers, type EngineCore, type EngineOptions } from './engine/core.ts';
import { announceCommit, toCommit } from './engine/commit.ts';
import { createExecution, prepareExecution, type CreateOptions, type CreateResult } from './engine/create.ts';
import type { MissingHandler } from './engine/begin-next.ts';
import { drive, type DriveOutcome } from './engine/drive.ts';
import { createFlowSource } from './engine/flow-source.ts';
import { ulidIds } from './engine/ids.ts';
import { readExecution } from './engine/read.ts';
import { type HashedResume, resumeByHash, resumeById, resumeByToken } from './engine/resume.ts';
import { retryExecution, type RetryOptions } from './engine/retry.ts';
import { tokensOfHandlers } from './engine/store-failure.ts';
import { keepAlive, waitUntil } from './engine/timer.ts';
import { waitForExecution, type WaitForOptions } from './engine/wait-for.ts';
import { FlowError } from './errors.ts';
import { createEventBus } from './event-bus.ts';
import type { ExecutionClaim, ExecutionCommit } from './execution-index.ts';
import { MemoryResumeTokens } from './memory/memory-resume-tokens.ts';
import type { EventBus, FlowRegistry, HandlerRegistry, ResumeTokenManager, StateStore } from './ports.ts';
import { sharedSandbox } from './sandbox.ts';
import type { Execution, RunResult, StepResult } from './types.ts';

export interface DeliverBounds {
  /** Handler calls before the delivery yields; default 100 (decisions B4). */
  readonly maxSteps?: number;
  /** Milliseconds before it yields; default 1,000. */
  readonly maxMs?: number;
  /** What becomes of a step whose handler this engine does not have; default: it fails with HANDLER_NOT_FOUND. */
  readonly missingHandler?: MissingHandler;
}

export interface Delivered {
  readonly execution: Execution;
  readonly stepResults: readonly StepResult[];
  /** When it must be delivered again without being asked; null if never by itself. */
  readonly dueAt: number | null;
  /** With `missingHandler: 'leave'`: the type of the handler that only another worker has. */
  readonly undeliverable?: string;
}

/** An execution to be written, or one that exists already and needs no commit. */
export interface Prepared {
  readonly execution: Execution;
  readonly commit?: ExecutionCommit;
}

/** Creates and drives executions of flows (flow.md §1). It owns no storage: the store does. */
export class Engine {
  readonly store: StateStore;
  readonly handlers: HandlerRegistry;
  readonly flows: FlowRegistry;
  readonly events: EventBus;
  readonly tokens: ResumeTokenManager;
  readonly #core: EngineCore;
  readonly #shutdown = new AbortController();
  readonly #drives = new Set<Promise<unknown>>();

  constructor(store: StateStore, handlers: HandlerRegistry, flows: FlowRegistry, options: EngineOptions = {}) {
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    this.store = store;
    this.handlers = handlers;
    this.flows = flows;
    this.events = options.events ?? createEventBus({ logger });
    this.tokens = options.tokens ?? new MemoryResumeTokens({ clock });
    this.#core = {
      store,
      index: store.index ?? createBasicIndex(store),
      handlers,
      flows: createFlowSource(flows),
      registry: flows,
      events: this.events,
      tokens: this.tokens,
      handlerTokens: tokensOfHandlers(this.tokens),
      clock,
      logger,
      maxSteps: options.maxSteps ?? 10_000,
      maxDeliveries: options.maxDeliveries ?? 10,
      maxDepth: options.maxDepth ?? 32,
      limits: contextLimits(options.contextLimits),
      defaultStepTimeout: options.defaultStepTimeout ?? 300_000,
      ids: options.ids ?? ulidIds,
      sandbox: options.sandbox ?? sharedSandbox(),
      random: options.random ?? Math.random,
      code: options.code,
      progress: options.progress,
      owner: options.owner ?? newUlid(clock.now()),
      running: new Map(),
      watchers: createWatchers(),
      usedTokens: new Set(),
      shutdown: this.#shutdown.signal,
    };
  }

  /**
   * A new execution, pending and durable, or the live one with the same idempotency key. Throws FLOW_NOT_FOUND,
   * INVALID_FLOW for one that is not published or is stored with other content, INVALID_INPUT, CONTEXT_LIMIT, TENANT_MISMATCH for a parent of another
   * tenant, EXECUTION_CONFLICT for an id in use (flow.md §2, idempotency and versions).
   */
  create(flowId: string, context: Record<string, unknown> = {}, options: CreateOptions = {}): Promise<CreateResult> {
    return createExecution(this.#core, flowId, context, options);
  }

  /**
   * As `create`, without writing: for a store that writes an execution together with what caused it, such as a
   * trigger's firing. Tell `announce` when the commit is durable.
   */
  async prepare(flowId: string, context: Record<string, unknown> = {}, options: CreateOptions = {}): Promise<Prepared> {
    const prepared = await prepareExecution(this.#core, flowId, context, options);
    if (!prepared.created) return { execution: prepared.execution };
    return { execution: prepared.execution, commit: toCommit(prepared.transition, { now: this.#core.clock.now() }) };
  }

  /** Emits the events of a commit that someone else has made durable, and wakes who waits for it. */
  announce(commit: ExecutionCommit): Promise<void> {
    return announceCommit(this.#core, commit);
  }

  /**
   * Drives an execution until it ends or waits; retries are waited for. Throws EXECUTION_NOT_FOUND, and
   * EXECUTION_CONFLICT while someone else drives it. What goes wrong inside is in the result, not thrown.
   */
  async run(executionId: string): Promise<RunResult> {
    const outcome = await keepAlive(this.#drive(executionId, Number.POSITIVE_INFINITY));
    const { execution, stepResults } = outcome;
    return {
      status: execution.status,
      stepResults: [...stepResults],
      ...(execution.error === undefined ? {} : { error: execution.error }),
      ...(execution.output === undefined ? {} : { output: execution.output }),
      ...waitOf(outcome),
    };
  }

  /** One attempt of one step. Throws EXECUTION_CONFLICT if there is none to run: it has ended, or waits. */
  async step(executionId: string): Promise<StepResult> {
    const { execution, stepResults } = await keepAlive(this.#drive(executionId, 1));
    const result = stepResults.at(-1);
    if (result) return { ...result, executionStatus: execution.status };
    throw new FlowError('EXECUTION_CONFLICT', `Execution ${executionId} is ${execution.status}; there is no step to run.`, {
      retryable: false,
    });
  }

  /**
   * Ends a wait with data, by the execution's id or by a token, which works once. Throws EXECUTION_NOT_WAITING or
   * INVALID_RESUME_TOKEN; CONTEXT_LIMIT and INVALID_INPUT for the data. Does not run what follows.
   */
  resume(target: string | { readonly token: string }, data?: unknown): Promise<Execution> {
    if (typeof target === 'string') return resumeById(this.#core, target, data);
    return resumeByToken(this.#core, target.token, data);
  }

  /** For a World, whose hooks hold only the hashes of tokens: as `resume` with the token. */
  receive(executionId: string, resume: HashedResume): Promise<Execution> {
    return resumeByHash(this.#core, executionId, resume);
  }

  /** Wins over a running handler, cascades to children that steps started, revokes tokens, starts compensation. Throws EXECUTION_NOT_FOUND. */
  cancel(executionId: string, options: CancelOptions = { source: 'user' }): Promise<CancelResult> {
    return cancelById(this.#core, executionId, options);
  }

  /** The execution as it is, frozen. Throws EXECUTION_NOT_FOUND. */
  get(executionId: string): Promise<Execution> {
    return readExecution(this.#core, executionId);
  }

  /**
   * A new execution that goes on where an ended one stopped, or earlier; `metadata.retryOf` names that one (decisions C9). Throws
   * EXECUTION_NOT_FOUND, INVALID_INPUT for an id that `create` would not take, INVALID_TRANSITION for a step that is not there, and
   * EXECUTION_CONFLICT for one that has not ended or an id in use.
   */
  retry(executionId: string, options: RetryOptions = {}): Promise<CreateResult> {
    return retryExecution(this.#core, executionId, options);
  }

  on<T>(event: string, handler: (data: T) => void): void {
    this.events.on(event, handler);
  }

  off<T>(event: string, handler: (data: T) => void): void {
    this.events.off(event, handler);
  }

  /** The execution once its status is one of `until`; throws TIMEOUT. */
  waitFor(executionId: string, options: WaitForOptions = {}): Promise<Execution> {
    return keepAlive(waitForExecution(this.#core, executionId, options));
  }

  /**
   * For workers: drives a claimed execution within bounds, waits for no retry, and says when it is due again. The
   * caller keeps the lease alive and releases the claim.
   */
  async deliver(claim: ExecutionClaim, bounds: DeliverBounds = {}): Promise<Delivered> {
    const { token: _, cutShort, ...outcome } = await this.#own(drive(this.#core, claim, { maxSteps: 100, maxMs: 1_000, ...bounds }));
    // Its children may have woken it, which its state does not say.
    const joins = cutShort && outcome.execution.join !== undefined;
    return { ...outcome, dueAt: joins ? this.#core.clock.now() : dueAtOf(outcome.execution) };
  }

  /** For workers: takes the lease of an execution in this engine's name. */
  claim(executionId: string): Promise<ExecutionClaim | undefined> {
    return this.#core.index.claim(executionId, { owner: this.#core.owner });
  }

  /** For workers: called after each commit of this engine, when something may have become due. Returns a cancel. */
  watch(wake: () => void): () => void {
    return this.#core.watchers.watchAll(wake);
  }

  /** Reports the end of a child that is a code run; the parent goes on when its join is fulfilled. */
  async settleChild(result: ChildResult): Promise<void> {
    await this.#core.index.settleChild(result);
    this.#core.watchers.wakeAll();
  }

  /** For a process that ends: begins nothing more. Handlers that still work after `graceMs` are aborted, and their attempts given back. */
  drain(graceMs: number): void {
    this.#shutdown.abort();
    this.#core.clock.after(graceMs, () => this.#giveBack());
  }

  /** Aborts handlers in progress, gives their attempts back, and resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#shutdown.abort();
    this.#giveBack();
    await Promise.allSettled(this.#drives);
  }

  #giveBack(): void {
    for (const attempt of this.#core.running.values()) attempt.drain();
  }

  async #drive(executionId: string, maxSteps: number): Promise<DriveOutcome> {
    const execution = await readExecution(this.#core, executionId);
    if (isTerminal(execution)) return { execution, stepResults: [] };
    const claim = await this.claim(executionId);
    if (!claim) throw new FlowError('EXECUTION_CONFLICT', `Execution ${executionId} is being driven by someone else.`);
    try {
      return await this.#own(drive(this.#core, claim, { maxSteps, awaitRetry: (retryAt) => this.#awaitRetry(claim, retryAt) }));
    } finally {
      await claim.release();
    }
  }

  async #awaitRetry(claim: ExecutionClaim, retryAt: number): Promise<boolean> {
    const stops = [claim.signal, this.#shutdown.signal];
    // Its time may be up before that, and nobody else holds it to say so.
    const { deadlineAt = retryAt } = claim.execution;
    await waitUntil(this.#core.clock, Math.min(retryAt, deadlineAt), stops);
    return !stops.some(({ aborted }) => aborted);
  }

  #own<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined).finally(() => this.#drives.delete(settled));
    this.#drives.add(settled);
    return work;
  }
}

/** The plain token is handed out here, once; everywhere else there is only its hash (decisions C6). */
function waitOf({ execution, token }: DriveOutcome): Pick<RunResult, 'waitMetadata'> {
  const { waitMetadata } = execution;
  if (!waitMetadata) return {};
  return {
    waitMetadata: { ...waitMetadata, ...(waitMetadata.token !== undefined && token !== undefined ? { token } : {}) },
  };
}
