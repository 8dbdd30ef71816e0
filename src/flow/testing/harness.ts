import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import type { CreateOptions } from '../engine/create.ts';
import type { EngineOptions } from '../engine/core.ts';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { deliverOne } from '../local-worker.ts';
import { MemoryResumeTokens } from '../memory/memory-resume-tokens.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import type { StateStore } from '../ports.ts';
import type { Execution, ExecutionStatus, Flow, HandlerParams, HandlerResult, StepHandler } from '../types.ts';

export interface TestHarnessOptions extends Omit<EngineOptions, 'clock'> {
  readonly flows?: Iterable<Flow>;
  /** Beside the built-in ones, which they may replace. */
  readonly handlers?: Iterable<StepHandler>;
  /** When the test begins; default 2026-01-01T00:00Z. */
  readonly start?: number;
  readonly store?: StateStore;
}

/** What a mock answers: a result, the output of a success, or a function of the call. */
export type Mock = HandlerResult | ((params: HandlerParams) => HandlerResult | Promise<HandlerResult>);

export interface RecordedEvent {
  readonly event: string;
  readonly data: unknown;
}

const eventNames = [
  ...['created', 'started', 'completed', 'failed', 'waiting', 'resumed', 'cancelled'].map((name) => `execution:${name}`),
  ...['started', 'completed', 'failed'].map((name) => `step:${name}`),
];

/**
 * An engine in memory on a virtual clock: a flow with a 60-day delay, retries and an approval runs in milliseconds
 * (flow.md §2, TestHarness). Nothing sleeps; time passes only by `simulateTime` and, within `run`, to the next retry.
 */
export class TestHarness {
  readonly clock: FakeClock;
  readonly engine: Engine;
  readonly events: RecordedEvent[] = [];
  readonly #calls = new Map<string, HandlerParams[]>();
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #hanging = new Set<string>();
  #turn = () => {};

  constructor({ flows = [], handlers = [], start, store, ...options }: TestHarnessOptions = {}) {
    this.clock = createFakeClock(start);
    const { clock } = this;
    const registry = createHandlerRegistry([...builtinHandlers(), ...handlers].map((handler) => this.#recorded(handler)));
    this.engine = new Engine(store ?? new MemoryStateStore({ clock }), registry, createFlowRegistry(flows), {
      tokens: new MemoryResumeTokens({ clock }),
      random: () => 0.5,
      ...options,
      clock,
    });
    for (const event of eventNames) this.engine.on(event, (data) => this.events.push({ event, data }));
  }

  async create(flowId: string, context: Record<string, unknown> = {}, options?: CreateOptions): Promise<Execution> {
    return (await this.engine.create(flowId, context, options)).execution;
  }

  /** A flow by its id, or an execution by its own, driven until it ends or waits. Retries are skipped ahead to. */
  async run(target: string, context?: Record<string, unknown>, options?: CreateOptions): Promise<Execution> {
    const id = this.engine.flows.has(target) ? (await this.create(target, context, options)).id : target;
    for (;;) {
      const nextDueAt = await this.#settle();
      const execution = await this.getExecution(id);
      const rests = execution.status === 'waiting' && execution.join === undefined;
      if (rests || ended(execution) || nextDueAt === undefined || !(await this.#retriesAt(nextDueAt))) return execution;
      this.clock.advance(nextDueAt - this.clock.now());
    }
  }

  /** As `run`, and fails the test if it did not come to that status. */
  async runUntil(target: string, status: ExecutionStatus, context?: Record<string, unknown>): Promise<Execution> {
    const execution = await this.run(target, context);
    if (execution.status === status) return execution;
    const error = execution.error === undefined ? '' : `: ${execution.error.code} ${execution.error.message}`;
    throw new Error(`Execution ${execution.id} is ${execution.status}, not ${status}${error}`);
  }

  /** Ends a wait and drives on. */
  async resume(target: string | { readonly token: string }, data?: unknown): Promise<Execution> {
    const { id } = await this.engine.resume(target, data);
    return this.run(id);
  }

  /** Lets time pass, stopping at each instant at which something is due. */
  async simulateTime(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      const nextDueAt = await this.#settle();
      if (nextDueAt === undefined || nextDueAt > end) break;
      this.clock.advance(nextDueAt - this.clock.now());
    }
    this.clock.advance(Math.max(0, end - this.clock.now()));
    // Time-outs that this fired end their attempts in the turns that follow.
    await nextTurn();
    await this.#settle();
  }

  getExecution(id: string): Promise<Execution> {
    return this.engine.get(id);
  }

  /** Replaces a handler from now on. */
  mock(type: string, answer: Mock): void {
    const execute = async (params: HandlerParams) => (typeof answer === 'function' ? answer(params) : answer);
    this.engine.handlers.register(this.#recorded({ type, execute }));
  }

  /** A handler that is called and never answers; time-outs and cancellation still end it. */
  mockNever(type: string): void {
    this.mock(type, ({ execution }) => {
      this.#hanging.add(execution.id);
      this.#turn();
      return new Promise(() => {});
    });
  }

  /** The calls of a handler so far. */
  calls(type: string): readonly HandlerParams[] {
    return this.#calls.get(type) ?? [];
  }

  /** Names of the events so far, in order. */
  eventNames(): readonly string[] {
    return this.events.map(({ event }) => event);
  }

  #recorded(handler: StepHandler): StepHandler {
    return {
      ...handler,
      execute: (params) => {
        this.#calls.set(handler.type, [...(this.#calls.get(handler.type) ?? []), params]);
        return handler.execute(params);
      },
    };
  }

  /** Drives what is due until nothing is, or only handlers that never answer are left. */
  async #settle(): Promise<number | undefined> {
    for (;;) {
      const { ids, nextDueAt } = await this.#index().due({ now: this.clock.now(), limit: 100 });
      for (const id of ids) this.#start(id);
      const active = [...this.#inFlight].filter(([id]) => !this.#hanging.has(id)).map(([, work]) => work);
      if (active.length === 0) return nextDueAt;
      const hung = new Promise<void>((resolve) => {
        this.#turn = resolve;
      });
      await Promise.race([...active, hung]);
    }
  }

  #start(id: string): void {
    if (this.#inFlight.has(id)) return;
    const work = deliverOne(this.engine, id).then(() => {
      this.#inFlight.delete(id);
      this.#hanging.delete(id);
    });
    this.#inFlight.set(id, work);
  }

  async #retriesAt(at: number): Promise<boolean> {
    const { ids } = await this.#index().due({ now: at, limit: 100 });
    const due = await Promise.all(ids.map((id) => this.getExecution(id)));
    return due.some(({ status }) => status === 'running');
  }

  #index() {
    const { index } = this.engine.store;
    if (index) return index;
    throw new TypeError('The harness needs a store with the index capability.');
  }
}

function ended({ status }: Execution): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
