import { afterSeconds } from '../base/after-seconds.ts';
import { backoffMs } from '../base/backoff.ts';
import { describeError, type Logger } from '../base/logger.ts';
import { currentDelivery, type Delivery, mayWrite, runInDelivery } from '../world/delivery.ts';
import { isAway, isKeyMissing } from '../world/errors.ts';
import type { ClaimedStep, SettleResult, Store } from '../world/port.ts';
import type { Lease, RunRow, StepRow } from '../world/rows.ts';
import type { QueueHandler, RegisteredHandler } from './handlers.ts';
import type { Message } from './messages.ts';

/** One delivery: which row is its message, under which lease, for the how-manieth time. */
export interface DeliveryRequest {
  readonly of: 'run' | 'step' | 'message';
  readonly shard: number;
  /** The run of the row; null for a message without one. */
  readonly runId: string | null;
  /** The key of the row: the run id, the step id or the message id. */
  readonly id: string;
  /** The name of the workflow or the step, as the queue name ends with it. */
  readonly name: string;
  readonly namespace: string;
  /** Of the run; only needed where the worker might keep it. */
  readonly deploymentId: string;
  readonly lease: Lease;
  readonly attempt: number;
  readonly message: Message;
  /** Why there is no message. */
  readonly unreadable?: Error;
  /** Messages that go with a run's delivery and are deleted with its success. */
  readonly inbox: readonly string[];
  /** The rows as of the claim, where there are any. */
  readonly run: RunRow | undefined;
  readonly step: StepRow | undefined;
  readonly waitsDue: boolean;
  readonly birth: ClaimedStep['birth'];
  /** Of a run that was only foreseen to be given to this worker; see `Delivery.certain`. */
  readonly certain?: Promise<boolean> | undefined;
}

// A database that is away is no fault of the delivery: it costs no attempt, and it is there again soon or for nobody.
const awayBackoff = { baseMs: 500, capMs: 500, jitter: 0.5 };
const keyMissingMs = 10_000;
// The SDK gives up after 48 deliveries; with this curve they span hours (spec/world.md D4).
const retryBackoff = { baseMs: 1_000, capMs: 900_000, jitter: 0.25 };

/** Calls the handler in this process, as the queue of the SDK would, and says how the delivery ends; undefined: a write ended it already. */
export async function callHandler(
  request: DeliveryRequest,
  registered: RegisteredHandler,
  store: Store,
  logger: Logger,
): Promise<{ readonly result: SettleResult | undefined; readonly delivery: Delivery }> {
  const delivery: Delivery = {
    of: request.of,
    runId: request.runId ?? undefined,
    stepId: request.of === 'step' ? request.id : undefined,
    lease: request.lease,
    run: request.run,
    step: request.step,
    waitsDue: request.waitsDue,
    startedSeq: request.birth?.startedSeq ?? null,
    birth: request.birth,
    born: new Map(),
    knownSteps: new Set(),
    openSteps: 0,
    wokeRun: false,
    clockAhead: false,
    certain: request.certain,
    leaseEnded: false,
    carriedOn: false,
  };
  try {
    const answer = await call(registered, request, delivery);
    if (delivery.certain) await mayWrite(delivery);
    return { delivery, result: delivery.leaseEnded ? undefined : settleResult(answer, store.now(), delivery) };
  } catch (error) {
    if (!(await isReal(request))) return { delivery, result: undefined };
    if ((await delivery.certain) === false) return { delivery, result: { kind: 'again', dueAt: store.now() } };
    logger.warn(`Delivery ${request.attempt} of ${request.of} "${request.id}" failed and will be repeated: ${describeError(error)}`);
    return { delivery, result: delivery.leaseEnded ? undefined : failureOf(error, request, delivery, store.now()) };
  }
}

/**
 * Whether what is delivered was given to this worker as was foreseen. If not, this delivery has nothing to end: the same lease may by now be
 * that of one which counts, for the run is delivered again, gives birth to the same step again, and counts its leases from the same number.
 */
export async function isReal({ certain, birth }: Pick<DeliveryRequest, 'certain' | 'birth'>): Promise<boolean> {
  if ((await certain) === false) return false;
  if (!birth) return true;
  return await birth.durable.then(
    ({ kind }) => kind === 'written',
    () => birth.isWritten,
  );
}

function call(registered: RegisteredHandler, request: DeliveryRequest, delivery: Delivery): ReturnType<QueueHandler> {
  const { own, handler, prefix } = registered;
  // What is foreseen is told to nobody else.
  if (own && delivery.certain) return mayWrite(delivery).then(() => call(registered, request, delivery));
  // What is given its delivery needs none in the air, which would slow down every promise of the process (Node 20). But the air may be
  // that of another delivery, in whose course this one was taken.
  if (own) return currentDelivery() ? runInDelivery(delivery, async () => own(delivery)) : own(delivery);
  const meta = { attempt: request.attempt, queueName: `${prefix}${request.name}`, messageId: request.message.messageId };
  return runInDelivery(delivery, async () => handler(request.message.payload, meta as Parameters<QueueHandler>[1]));
}

export function settleResult(answer: unknown, now: number, { clockAhead }: Pick<Delivery, 'clockAhead'>): SettleResult {
  const seconds = (answer as { timeoutSeconds?: unknown } | undefined)?.timeoutSeconds;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return { kind: 'done' };
  // The waits of the run are in its due time already; a host that believes them over would ask every second until they are (decisions A6).
  if (clockAhead && seconds > 0) return { kind: 'done' };
  return { kind: 'again', dueAt: afterSeconds(now, seconds) };
}

/** An execution that a delivery has carried on is due by that, and would fail again at once; its tries were counted anew. */
function failureOf(error: unknown, { attempt }: DeliveryRequest, { carriedOn }: Delivery, now: number): SettleResult {
  const result = resultOf(error, carriedOn ? 1 : attempt, now);
  return carriedOn && result.kind === 'retry' ? { ...result, postpones: true } : result;
}

/** How a delivery ends that failed: a database that was away is no fault of it. */
export function resultOf(error: unknown, attempt: number, now: number): SettleResult {
  if (isAway(error)) return { kind: 'release', dueAt: now + backoffMs(awayBackoff, 1) };
  // It is no fault of the run either, and whoever has the key may be given it.
  if (isKeyMissing(error)) return { kind: 'release', dueAt: now + keyMissingMs };
  return retryResult(attempt, now);
}

export function retryResult(attempt: number, now: number): Extract<SettleResult, { kind: 'retry' }> {
  return { kind: 'retry', dueAt: now + backoffMs(retryBackoff, attempt) };
}
