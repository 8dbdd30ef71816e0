import type { EventResult, QueueOptions, World } from '@workflow/world';
import { EntityConflictError } from '@workflow/errors';
import { afterSeconds } from '../base/after-seconds.ts';
import { encodeValue } from '../base/codec.ts';
import { newUlid } from '../base/ulid.ts';
import { commitAndBegin } from '../world/begin-early.ts';
import type { WorldContext } from '../world/context.ts';
import { currentDelivery, mayWrite } from '../world/delivery.ts';
import { badRequest } from '../world/errors.ts';
import type { ClaimedStep, Store } from '../world/port.ts';
import { isStepTerminal, isTerminal, type MessageRow, type RunRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { shown } from '../world/shown.ts';
import { type Message, runMessageId, stepExtras, stepMessageId } from './messages.ts';
import { messageNamespace, parseQueueName } from './queue-name.ts';

export interface QueueHost {
  readonly context: WorldContext;
  readonly createEvent: World['events']['create'];
  /** `run_created` events of this process that are on their way: the SDK queues a new run while it creates it. */
  readonly startingRuns: ReadonlyMap<string, Promise<unknown>>;
  deliverBorn(claimed: ClaimedStep, message: Message): void;
  /** A message was left for a worker; warns if there is none anywhere. */
  messageLeft(): void;
}

/**
 * `World.queue`: a wake of a run marks its row due, a step's message is its row already, and anything else becomes a message of its own
 * (decisions B3). It only ever writes: no process becomes a worker by it (spec/world.md K8).
 */
export function createQueue(host: QueueHost): World['queue'] {
  return async (queueName, message, options: QueueOptions = {}) => {
    const { namespace, kind } = parseQueueName(queueName);
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw badRequest(`A message for "${queueName}" must be an object.`);
    }
    const delaySeconds = options.delaySeconds ?? 0;
    if (!Number.isFinite(delaySeconds)) throw badRequest(`delaySeconds must be a number of seconds, not ${shown(delaySeconds)}.`);
    const payload = message as Record<string, unknown>;
    const messageId = await send(host, { queueName, namespace, kind, payload, options });
    return { messageId: messageId as Awaited<ReturnType<World['queue']>>['messageId'] };
  };
}

interface Target {
  readonly queueName: string;
  readonly namespace: string;
  readonly kind: 'workflow' | 'step';
  readonly payload: Record<string, unknown>;
  readonly options: QueueOptions;
}

/** A target whose payload is encoded, so that nothing the caller does later changes it. */
interface Parcel extends Target {
  readonly encoded: Uint8Array;
}

function send(host: QueueHost, target: Target): Promise<string> {
  const { payload, kind } = target;
  // A health check may name a run as well, so it is asked for first (spec/world.md G4).
  if (payload['__healthCheck'] === true) return enqueue(host, pack(target), null);
  if (kind === 'workflow' && typeof payload['runId'] === 'string') {
    // The run is made of `runInput`, so no message needs to carry it as well.
    const { runInput, ...rest } = payload;
    return sendToRun(host, { ...target, payload: rest }, payload['runId'], runInput);
  }
  const { workflowRunId, stepId } = payload;
  if (kind === 'step' && typeof workflowRunId === 'string' && typeof stepId === 'string') {
    return sendToStep(host, target, workflowRunId, stepId);
  }
  return enqueue(host, pack(target), null);
}

async function sendToRun(host: QueueHost, target: Target, runId: string, runInput: unknown): Promise<string> {
  const { payload, options } = target;
  const delivery = currentDelivery();
  if (delivery?.wokeRun && delivery.runId === runId && isPlainWake(target)) return runMessageId(runId);
  const parcel = pack(target);
  // A message for a run that is not there yet would be delivered beside the run itself, and without its lease.
  const starting = host.startingRuns.get(runId);
  if (starting) await starting.catch(() => {});
  const alreadyWoken = () => {
    host.messageLeft();
    return runMessageId(runId);
  };
  if (isPlainWake(parcel) && !hasTrace(payload) && host.context.freshWakes().consume(runId)) return alreadyWoken();
  const created = runInput !== undefined && (await createFrom(host, runId, runInput, starting));
  if (created && isPlainWake(parcel)) return alreadyWoken();

  const { store } = await host.context.open();
  const run = await store.getRun(runId);
  if (!run || options.idempotencyKey !== undefined) return enqueue(host, forBuildOf(run, parcel), null);
  // A wake of a finished run has nothing to say.
  if (isTerminal(run.status)) return runMessageId(runId);
  // Left for the next wake of the run, it would come early with any other and be gone when it is due.
  if (isDelayed(options)) return enqueue(host, forBuildOf(run, parcel), null);
  if (!isPlainWake(parcel) || hasTrace(payload)) return enqueue(host, parcel, run);
  await wake(host, store, run);
  return runMessageId(runId);
}

/** A message of its own is for the build that its run belongs to, as the run itself is. */
function forBuildOf(run: RunRow | undefined, parcel: Parcel): Parcel {
  if (!run || parcel.options.deploymentId !== undefined) return parcel;
  return { ...parcel, options: { ...parcel.options, deploymentId: run.deploymentId } };
}

// What a plain wake of a run may say; anything else must reach the handler unharmed.
const plainFields = new Set(['runId', 'traceCarrier', 'requestedAt']);

function isPlainWake({ payload, options }: Target): boolean {
  return options.idempotencyKey === undefined && !isDelayed(options) && Object.keys(payload).every((field) => plainFields.has(field));
}

function isDelayed({ delaySeconds = 0 }: QueueOptions): boolean {
  return delaySeconds > 0;
}

function hasTrace({ traceCarrier }: Readonly<Record<string, unknown>>): boolean {
  return typeof traceCarrier === 'object' && traceCarrier !== null && Object.keys(traceCarrier).length > 0;
}

/** The queue's half of a start: the run, its first event and its wake are one act, whichever half comes first (spec/world.md B7). */
async function createFrom(host: QueueHost, runId: string, runInput: unknown, starting: Promise<unknown> | undefined): Promise<boolean> {
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

async function wake({ context, messageLeft }: QueueHost, store: Store, run: RunRow): Promise<void> {
  await mayWrite();
  const { shard, runId } = run;
  const now = store.now();
  const takeRunFor = context.dispatcher().offerRun(run) ?? null;
  const abandon = () => {
    if (takeRunFor !== null) context.dispatcher().dropRun(run);
  };
  await commitAndBegin(
    store,
    { kind: 'wake', shard, runId, dueAt: now, now, takeRunFor },
    {
      begin({ taken }) {
        if (taken) {
          context.dispatcher().runTaken(taken);
          return true;
        }
        abandon();
        context.dispatcher().somethingDue(now);
        messageLeft();
        return false;
      },
      abandon,
    },
  );
}

/** Every replay that suspends queues all its pending steps again, so the common case must cost nothing (spec/world.md D5). */
async function sendToStep(host: QueueHost, target: Target, runId: string, stepId: string): Promise<string> {
  const { payload, options } = target;
  const messageId = stepMessageId(runId, stepId);
  const delivery = currentDelivery();
  if (delivery?.of === 'run' && delivery.runId === runId) {
    delivery.openSteps += 1;
    const born = delivery.born.get(stepId);
    if (born) {
      delivery.born.delete(stepId);
      host.deliverBorn(born, { payload: { ...payload }, headers: options.headers ?? {}, messageId });
      return messageId;
    }
    if (delivery.knownSteps.has(stepId) && !hasTrace(payload)) return messageId;
  }
  const parcel = pack(target);
  await mayWrite();
  const { store } = await host.context.open();
  const { run, step } = await store.loadState({ runId, stepId });
  if (!step || !run) return enqueue(host, parcel, null);
  const extras = stepExtras(parcel.encoded, options.headers, { step, run, birth: null });
  const isOpen = step.leaseOwner === null && !isStepTerminal(step.status) && !isTerminal(run.status);
  const says = extras !== null && step.message === null;
  if (!isOpen || (step.dueAt !== null && !says)) return messageId;
  const dueAt = step.dueAt ?? store.now();
  await store.commit({ kind: 'queueStep', shard: step.shard, runId, stepId, message: says ? extras : null, dueAt });
  host.context.dispatcher().somethingDue(dueAt);
  host.messageLeft();
  return messageId;
}

async function enqueue({ context, messageLeft }: QueueHost, parcel: Parcel, inboxOf: RunRow | null): Promise<string> {
  await mayWrite();
  const { queueName, encoded, options } = parcel;
  const { store } = await context.open();
  const now = store.now();
  const messageId = `msg_${newUlid(now)}`;
  const idempotencyKey = scopedKey(parcel);
  const dueAt = afterSeconds(now, options.delaySeconds ?? 0);
  const message: MessageRow = {
    shard: inboxOf ? inboxOf.shard : shardOf(idempotencyKey ?? messageId),
    messageId,
    queueName,
    namespace: messageNamespace(parcel),
    payload: encoded,
    headers: options.headers ? JSON.stringify(options.headers) : null,
    idempotencyKey,
    deploymentId: options.deploymentId ?? null,
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

function pack(target: Target): Parcel {
  try {
    return { ...target, encoded: encodeValue(target.payload) };
  } catch (cause) {
    throw badRequest(`The message for "${target.queueName}" cannot be stored: ${(cause as Error).message}.`, cause);
  }
}
