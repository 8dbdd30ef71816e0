import { systemClock, type Clock } from '../../base/clock.ts';
import { describeError, silentLogger, type Logger } from '../../base/logger.ts';
import type { CreateOptions } from '../engine/create.ts';
import { askStore, isStoreFailure } from '../engine/store-failure.ts';
import type { Engine } from '../engine.ts';
import { FlowError } from '../errors.ts';
import type { ExecutionCommit } from '../execution-index.ts';
import { sharedSandbox, type Sandbox } from '../sandbox.ts';
import { eventSeen, hearsOf, nameOfEvent, type HeardEvent, type SeenExecution } from './event.ts';
import { acceptRequest, RejectedRequest, type AcceptedRequest, type TriggerRequest } from './http.ts';
import type { TriggerStore } from './port.ts';
import { dueOccurrences, nextOccurrence } from './schedule.ts';
import type { SecretSource } from './signature.ts';
import { triggerIdsOf } from './trigger-ids.ts';
import type { EventTrigger, Firing, HttpTrigger, ScheduleTrigger, Trigger, TriggerRecord } from './types.ts';
import { parseTrigger } from './validate-trigger.ts';

export interface TriggersOptions {
  readonly engine: Engine;
  readonly store: TriggerStore;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly sandbox?: Sandbox;
  /** Where secrets are found by name; default: the environment. */
  readonly secrets?: SecretSource;
}

export interface TriggerResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Starts executions by requests, by the clock and by other executions (flow.md §2, triggers). */
export interface Triggers {
  /** Stores a trigger, or replaces the one with its id. Throws INVALID_INPUT with every problem. */
  register(trigger: Trigger): Promise<TriggerRecord>;
  find(id: string): Promise<TriggerRecord | undefined>;
  list(): Promise<readonly TriggerRecord[]>;
  remove(id: string): Promise<void>;
  /** What became of its firings, the newest first. */
  firings(id: string, options?: { readonly limit?: number }): Promise<readonly Firing[]>;
  /** Answers a request: 202 with the execution's id, 200 if it was started before, else 4xx and why. */
  handle(request: TriggerRequest): Promise<TriggerResponse>;
  /**
   * Fires it now, whatever it waits for, with `seen` in place of what it would see. Throws INVALID_INPUT for an unknown trigger, or where
   * there is nothing that it could see by itself.
   */
  fire(id: string, seen?: Readonly<Record<string, unknown>>): Promise<Firing>;
  /** Fires every schedule that is due, each occurrence once across all workers. Returns when the next one is due. */
  fireDue(): Promise<number | undefined>;
  /** Fires the event triggers of an execution's event. Safe to repeat: each trigger fires, or fails to, once per event and execution. */
  fireEvent(event: string, execution: SeenExecution): Promise<void>;
}

export function createTriggers(options: TriggersOptions): Triggers {
  const { engine, store, clock = systemClock, logger = silentLogger, sandbox = sharedSandbox(), secrets = fromEnvironment } = options;

  async function register(given: Trigger): Promise<TriggerRecord> {
    const trigger = parseTrigger(given);
    for (;;) {
      const now = clock.now();
      const known = await store.find(trigger.id);
      const nextFireAt = trigger.type === 'schedule' ? (owedBy(known, trigger) ?? nextOccurrence(trigger, now)) : undefined;
      const record = {
        trigger,
        revision: (known?.revision ?? 0) + 1,
        createdAt: known?.createdAt ?? now,
        ...(nextFireAt === undefined ? {} : { nextFireAt }),
      };
      try {
        await store.put(record);
        return record;
      } catch (error) {
        if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
      }
    }
  }

  /** The context of a firing, out of what the trigger saw. */
  async function contextOf(trigger: Trigger, seen: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    if (trigger.transform === undefined) return seen;
    const context = await sandbox.evaluate(trigger.transform, seen, clock.now());
    if (typeof context === 'object' && context !== null && !Array.isArray(context)) return context as Record<string, unknown>;
    throw new FlowError('INVALID_INPUT', `The transform of trigger ${trigger.id} must give an object.`);
  }

  interface Outcome {
    readonly firing: Firing;
    readonly commit?: ExecutionCommit;
  }

  interface Occasion extends Pick<Firing, 'scheduledFor' | 'heard'> {
    readonly key?: string;
    /** The triggers behind the event. */
    readonly led?: readonly string[];
  }

  /** Never throws for what is wrong with this firing: that becomes its record. A store that cannot answer is nothing of the kind. */
  async function prepare(
    trigger: Trigger,
    seen: Readonly<Record<string, unknown>>,
    { key, led = [], ...more }: Occasion,
  ): Promise<Outcome> {
    const firing = { triggerId: trigger.id, firedAt: clock.now(), ...more };
    try {
      const created = await engine.prepare(trigger.flowId, await contextOf(trigger, seen), createOptions(trigger, { key, led }));
      const duplicate = created.commit === undefined ? { duplicate: true } : {};
      return {
        firing: { ...firing, executionId: created.execution.id, ...duplicate },
        ...(created.commit ? { commit: created.commit } : {}),
      };
    } catch (error) {
      return failed(firing, error);
    }
  }

  function failed(firing: Firing, error: unknown): Outcome {
    if (isStoreFailure(error)) throw error;
    const { triggerId } = firing;
    logger.warn(`Trigger ${triggerId} could not fire: ${describeError(error)}`, { triggerId });
    const code = FlowError.is(error) ? error.code : 'HANDLER_ERROR';
    return { firing: { ...firing, error: { code, message: (error as Error).message } } };
  }

  async function write(triggerId: string, outcomes: readonly Outcome[], record?: TriggerRecord): Promise<void> {
    const commits = outcomes.flatMap(({ commit }) => commit ?? []);
    const firings = outcomes.map(({ firing }) => firing);
    await askStore(store.fire({ triggerId, firings, commits, ...(record ? { record } : {}) }));
    for (const commit of commits) await engine.announce(commit);
  }

  /** Fires for one occasion; again if its idempotency key was taken meanwhile, which then names the execution. */
  async function fireOnce(trigger: Trigger, attempt: () => Promise<Outcome>): Promise<Firing> {
    for (;;) {
      const outcome = await attempt();
      const { firing } = outcome;
      try {
        await (firing.error && firing.heard !== undefined ? noteOnce(firing) : write(trigger.id, [outcome]));
        return firing;
      } catch (error) {
        if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
      }
    }
  }

  /** A failure leaves no key by which it is known: so it is noted with a swap of the trigger's record, which one of those at it wins. */
  async function noteOnce(firing: Firing): Promise<void> {
    const { triggerId, heard } = firing;
    const record = await askStore(store.find(triggerId));
    if (!record) return;
    const noted = await askStore(store.firings(triggerId, { limit: mostFirings }));
    if (noted.some((other) => other.heard === heard)) return;
    await write(triggerId, [{ firing }], { ...record, revision: record.revision + 1 });
  }

  async function handle(request: TriggerRequest): Promise<TriggerResponse> {
    const { triggerId, method, path } = request;
    const record = await (triggerId === undefined ? store.findHttp(method, path) : store.find(triggerId));
    if (record?.trigger.type !== 'http' || record.trigger.enabled === false)
      return { status: 404, body: { error: 'There is no such trigger.' } };
    const { trigger } = record;
    const accepted = await accept(trigger, request);
    if ('status' in accepted) return accepted;
    const { seen, idempotencyKey } = accepted;
    const key = idempotencyKey === undefined ? {} : { key: idempotencyKey };
    return answerTo(await fireOnce(trigger, () => prepare(trigger, seen, key)));
  }

  /** What it saw, or the answer to a request that cannot be taken. */
  async function accept(trigger: HttpTrigger, request: TriggerRequest): Promise<AcceptedRequest | TriggerResponse> {
    try {
      return await acceptRequest(trigger, request, { sandbox, secrets, now: clock.now() });
    } catch (error) {
      if (error instanceof RejectedRequest) return { status: error.status, body: { error: error.message, ...error.details } };
      if (!FlowError.is(error)) throw error;
      const { code, message, details } = error;
      return { status: statusOf(code), body: { error: message, code, ...details } };
    }
  }

  async function fireByHand(id: string, given?: Readonly<Record<string, unknown>>): Promise<Firing> {
    const record = await store.find(id);
    if (!record) throw new FlowError('INVALID_INPUT', `There is no trigger ${id}.`);
    const { trigger } = record;
    const seen = given ?? seenByHand(trigger, clock.now());
    return fireOnce(trigger, () => prepare(trigger, seen, {}));
  }

  async function fireDue(): Promise<number | undefined> {
    for (;;) {
      const { records, nextDueAt } = await store.due({ now: clock.now(), limit: 100 });
      if (records.length === 0) return nextDueAt;
      for (const record of records) await fireSchedule(record);
    }
  }

  async function fireSchedule(record: TriggerRecord): Promise<void> {
    const trigger = record.trigger as ScheduleTrigger;
    const { fire, nextFireAt } = dueOccurrences(trigger, record.nextFireAt ?? clock.now(), clock.now());
    const outcomes: Outcome[] = [];
    for (const scheduledFor of fire) {
      const seen = { ...trigger.context, scheduledFor: new Date(scheduledFor).toISOString() };
      outcomes.push(await prepare(trigger, seen, { scheduledFor }));
    }
    const { nextFireAt: _, ...rest } = record;
    const next = { ...rest, revision: record.revision + 1, ...(nextFireAt === undefined ? {} : { nextFireAt }) };
    try {
      await write(trigger.id, outcomes, next);
    } catch (error) {
      // Another worker was first: its firing stands, and nothing of ours was written.
      if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    }
  }

  async function fireEvent(event: string, execution: SeenExecution): Promise<void> {
    for (const { trigger } of await store.listEvent(event, execution.flowId)) {
      try {
        await hear(trigger as EventTrigger, { event, execution });
      } catch (error) {
        // Whoever was told of the event tells it again; what has fired by then is known by its key.
        if (isStoreFailure(error)) throw error;
        logger.error(`Event trigger ${trigger.id} failed: ${describeError(error)}`, { triggerId: trigger.id });
      }
    }
  }

  async function hear(trigger: EventTrigger, told: HeardEvent): Promise<void> {
    if (!hearsOf(trigger, told)) return;
    const [seen, heard] = [eventSeen(told), nameOfEvent(told)];
    const fulfilled = await isFulfilled(trigger, seen).catch((error: unknown) =>
      failed({ triggerId: trigger.id, firedAt: clock.now(), heard }, error),
    );
    if (fulfilled === false) return;
    const occasion = { heard, key: `${trigger.id}:${heard}`, led: triggerIdsOf(told.execution) };
    await fireOnce(trigger, async () => (fulfilled === true ? prepare(trigger, seen, occasion) : fulfilled));
  }

  async function isFulfilled({ condition }: EventTrigger, seen: Readonly<Record<string, unknown>>): Promise<boolean> {
    return condition === undefined || (await sandbox.evaluate(`$boolean((${condition}))`, seen, clock.now())) === true;
  }

  return {
    register,
    find: (id) => store.find(id),
    list: () => store.list(),
    remove: (id) => store.delete(id),
    firings: (id, page) => store.firings(id, page),
    handle,
    fire: fireByHand,
    fireDue,
    fireEvent,
  };
}

function seenByHand(trigger: Trigger, now: number): Record<string, unknown> {
  switch (trigger.type) {
    case 'schedule':
      return { ...trigger.context, scheduledFor: new Date(now).toISOString() };
    case 'http':
      return { method: trigger.method ?? 'POST', path: trigger.path, query: {}, headers: {}, body: null };
    case 'event':
      throw new FlowError('INVALID_INPUT', `Trigger ${trigger.id} hears of executions: say what it is to see.`);
  }
}

interface Cause {
  readonly key: string | undefined;
  readonly led: readonly string[];
}

function createOptions({ id, tenantId, version }: Trigger, { key, led }: Cause): CreateOptions {
  return {
    metadata: { triggerId: id, ...(led.length === 0 ? {} : { triggerIds: [...led, id] }) },
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(version === undefined ? {} : { version }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
}

/** When a schedule that is registered again as it was fires next: what it has missed, it still owes. */
function owedBy(known: TriggerRecord | undefined, { cron, timezone = 'UTC' }: ScheduleTrigger): number | undefined {
  if (known?.trigger.type !== 'schedule' || known.trigger.enabled === false) return undefined;
  return known.trigger.cron === cron && (known.trigger.timezone ?? 'UTC') === timezone ? known.nextFireAt : undefined;
}

/** The HTTP status for what kept a request from starting anything. */
function statusOf(code: string): number {
  if (code === 'CONTEXT_LIMIT') return 413;
  return code === 'INVALID_INPUT' ? 422 : 500;
}

function answerTo(firing: Firing): TriggerResponse {
  if (firing.error)
    return {
      status: statusOf(firing.error.code),
      body: { error: firing.error.message, code: firing.error.code },
    };
  return { status: firing.duplicate ? 200 : 202, body: { executionId: firing.executionId } };
}

// Who repeats an event does so at once: it is among the newest.
const mostFirings = 200;

const fromEnvironment: SecretSource = (name) => process.env[name];
