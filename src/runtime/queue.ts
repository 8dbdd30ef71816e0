import type { EventResult, QueueOptions, World } from '@workflow/world';
import { EntityConflictError } from '@workflow/errors';
import { encodeValue } from '../base/codec.ts';
import { newUlid } from '../base/ulid.ts';
import type { WorldContext } from '../world/context.ts';
import { currentDelivery } from '../world/delivery.ts';
import { badRequest } from '../world/errors.ts';
import type { Store } from '../world/port.ts';
import { isTerminal, type MessageRow, type RunRow, type StepRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { type Message, runMessageId, stepMessageId } from './messages.ts';
import { parseQueueName } from './queue-name.ts';

export interface QueueHost {
  readonly context: WorldContext;
  readonly createEvent: World['events']['create'];
  /** `run_created` events of this process that are on their way: the SDK queues a new run while it creates it. */
  readonly startingRuns: ReadonlyMap<string, Promise<unknown>>;
  deliverBorn(step: StepRow, message: Message): void;
  /** A message was left for a worker; warns if there is none anywhere. */
  messageLeft(): void;
}

// What a plain wake of a run may say; anything else in the payload must reach the handler unharmed.
const plainFields = new Set(['runId', 'traceCarrier', 'requestedAt', 'runInput']);

/**
 * `World.queue`: a wake of a run marks its row due, a step's message is its row already, and anything else becomes a message of its own
 * (decisions B3). It only ever writes: no process becomes a worker by it (spec/world.md K8).
 */
export function createQueue(host: QueueHost): World['queue'] {
  return async (queueName, message, options: QueueOptions = {}) => {
    const { namespace, kind, id } = parseQueueName(queueName);
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw badRequest(`A message for "${queueName}" must be an object.`);
    }
    const payload = message as Record<string, unknown>;
    const target: Target = { queueName, namespace, kind, name: id, payload, options };
    const messageId = await send(host, target);
    return { messageId: messageId as Awaited<ReturnType<World['queue']>>['messageId'] };
  };
}

interface Target {
  readonly queueName: string;
  readonly namespace: string;
  readonly kind: 'workflow' | 'step';
  readonly name: string;
  readonly payload: Record<string, unknown>;
  readonly options: QueueOptions;
}

function send(host: QueueHost, target: Target): Promise<string> {
  const { payload, kind } = target;
  // A health check may name a run as well, so it is asked for first (spec/world.md G4).
  if (payload['__healthCheck'] === true) return enqueue(host, target, null);
  if (kind === 'workflow' && typeof payload['runId'] === 'string') return sendToRun(host, target, payload['runId']);
  const { workflowRunId, stepId } = payload;
  if (kind === 'step' && typeof workflowRunId === 'string' && typeof stepId === 'string') {
    return sendToStep(host, target, workflowRunId, stepId);
  }
  return enqueue(host, target, null);
}

async function sendToRun(host: QueueHost, target: Target, runId: string): Promise<string> {
  const { payload, options } = target;
  const store = await host.context.store();
  const plain = options.idempotencyKey === undefined && Object.keys(payload).every((field) => plainFields.has(field));
  if (!plain) {
    const run = await store.getRun(runId);
    const open = run && !isTerminal(run.status) && options.idempotencyKey === undefined;
    return enqueue(host, target, open ? run : null);
  }
  const delivery = currentDelivery();
  if (delivery?.wokeRun && delivery.runId === runId && !options.delaySeconds) return runMessageId(runId);
  if (payload['runInput'] && (await createFrom(host, runId, payload['runInput']))) return runMessageId(runId);
  return (await wake(host, store, runId, options)) ? runMessageId(runId) : enqueueUnlessEnded(host, store, target, runId);
}

/** The queue's half of a start: the run, its first event and its wake are one act, whichever half comes first (spec/world.md B7). */
async function createFrom(host: QueueHost, runId: string, runInput: unknown): Promise<boolean> {
  const starting = host.startingRuns.get(runId);
  if (starting && (await starting.then(() => true, isConflict))) return true;
  const { specVersion, ...eventData } = runInput as { specVersion: number } & Parameters<World['events']['create']>[1];
  const request = { eventType: 'run_created', specVersion, eventData } as unknown as Parameters<World['events']['create']>[1];
  return host.createEvent(runId, request as never).then(
    (_: EventResult) => true,
    (error: unknown) => {
      // It was there before: what is left to do is to wake it.
      if (EntityConflictError.is(error)) return false;
      throw error;
    },
  );
}

function isConflict(error: unknown): boolean {
  return EntityConflictError.is(error);
}

async function wake({ context, messageLeft }: QueueHost, store: Store, runId: string, { delaySeconds = 0 }: QueueOptions): Promise<boolean> {
  const now = store.now();
  const dueAt = now + delaySeconds * 1_000;
  const run = dueAt <= now ? await store.getRun(runId) : undefined;
  const takeRunFor = (run && context.dispatcher().offerRun(run)) ?? null;
  const { found, taken } = await store
    .commit({ kind: 'wake', shard: shardOf(runId), runId, dueAt, now, takeRunFor })
    .catch((error: unknown) => {
      if (takeRunFor !== null) context.dispatcher().dropRun();
      throw error;
    });
  if (taken) context.dispatcher().runTaken(taken);
  else if (takeRunFor !== null) context.dispatcher().dropRun();
  if (found && !taken) {
    context.dispatcher().somethingDue(dueAt);
    messageLeft();
  }
  return found;
}

/** A wake of a finished run has nothing to say; one of a run that nobody knows may still mean something to its handler. */
async function enqueueUnlessEnded(host: QueueHost, store: Store, target: Target, runId: string): Promise<string> {
  return (await store.getRun(runId)) ? runMessageId(runId) : enqueue(host, target, null);
}

/** Every replay that suspends queues all its pending steps again, so the common case must cost nothing (spec/world.md D5). */
async function sendToStep(host: QueueHost, target: Target, runId: string, stepId: string): Promise<string> {
  const messageId = stepMessageId(runId, stepId);
  const delivery = currentDelivery();
  if (delivery?.of === 'run' && delivery.runId === runId) {
    const born = delivery.born.get(stepId);
    if (born) {
      delivery.born.delete(stepId);
      host.deliverBorn(born, { payload: target.payload, headers: target.options.headers ?? {}, messageId });
      return messageId;
    }
    if (delivery.knownSteps.has(stepId)) return messageId;
  }
  const store = await host.context.store();
  if (await store.getStep(runId, stepId)) return messageId;
  return enqueue(host, target, null);
}

async function enqueue({ context, messageLeft }: QueueHost, target: Target, inboxOf: RunRow | null): Promise<string> {
  const { queueName, namespace, payload, options } = target;
  const store = await context.store();
  const now = store.now();
  const messageId = `msg_${newUlid(now)}`;
  const idempotencyKey = scopedKey(target);
  const dueAt = now + (options.delaySeconds ?? 0) * 1_000;
  const message: MessageRow = {
    shard: inboxOf ? inboxOf.shard : shardOf(idempotencyKey ?? messageId),
    messageId,
    queueName,
    namespace,
    payload: encodePayload(queueName, payload),
    headers: options.headers ? JSON.stringify(options.headers) : null,
    idempotencyKey,
    runId: inboxOf ? inboxOf.runId : null,
    createdAt: now,
    dueAt: inboxOf ? null : dueAt,
    leaseOwner: null,
    leaseEpoch: 0,
    deliveries: 0,
  };
  const stored = await store.commit({ kind: 'enqueue', message, wakeRunAt: inboxOf ? dueAt : null });
  context.dispatcher().somethingDue(dueAt);
  messageLeft();
  return stored.messageId;
}

/** Step ids repeat between runs, so their keys are scoped by the run; those of workflows stand for themselves (spec/world.md D5). */
function scopedKey({ kind, payload, options: { idempotencyKey } }: Target): string | null {
  if (idempotencyKey === undefined) return null;
  return kind === 'step' ? `step|${String(payload['workflowRunId'])}|${idempotencyKey}` : `workflow|${idempotencyKey}`;
}

function encodePayload(queueName: string, payload: unknown): Uint8Array {
  try {
    return encodeValue(payload);
  } catch (cause) {
    throw badRequest(`The message for "${queueName}" cannot be stored: ${(cause as Error).message}.`, cause);
  }
}
