import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import { Pauses } from '../base/pauses.ts';
import { commitAndBegin, commitOrWritten } from '../world/begin-early.ts';
import { claimKindOf, kindsOf, leftOf } from '../world/claim-filter.ts';
import type { Delivery, Dispatcher, OfferedRun, StepMessage } from '../world/delivery.ts';
import { isAway, unavailable } from '../world/errors.ts';
import type { ClaimedStep, ClaimKind, Claims, SettleAct, SettleResult, Store } from '../world/port.ts';
import type { MessageRow, RunRow, TakenRun } from '../world/rows.ts';
import { callHandler, type DeliveryRequest, isReal, resultOf } from './deliver.ts';
import { inDeliverySpan } from './delivery-span.ts';
import type { HeartbeatThread } from './heartbeat-thread.ts';
import type { ReceivedDelivery } from './http-receiver.ts';
import { type Message, runMessage, stepMessage } from './messages.ts';
import { MissingKeys } from './missing-keys.ts';
import { Presence } from './presence.ts';
import { Pump } from './pump.ts';
import { ReplayPace } from './replay-pace.ts';
import { parseQueueName } from './queue-name.ts';
import { messageRequest, readMessage, readWithInbox, runRequest, stepRequest } from './requests.ts';
import { RetentionSweeper } from './retention.ts';
import type { Route, Routing, Subject } from './routing.ts';
import type { RuntimeSettings } from './settings.ts';
import { Slots } from './slots.ts';

export interface WorkerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: RuntimeSettings;
  readonly routing: Routing;
  readonly heartbeats: HeartbeatThread | undefined;
  /** False: it carries out what others send it over HTTP, and looks for nothing itself. */
  readonly claims: boolean;
}

// Hints bring work at once; this is for what no hint told of.
const pollMs = 2_000;
const messageConcurrency = 16;
// What somebody else was writing at the moment of a claim is not in it.
const lookAgainMs = 100;
// What cannot be delivered here after all goes back, for another worker or a later look.
const undeliverableDelayMs = 1_000;
const settleAgainMs = 500;
// What the database refuses although it is there, or is too busy for, may take somebody to mend it.
const settleRefusedMs = 10_000;

/** Claims what is due, delivers it, settles it. One per process and store, however many Worlds share it. */
export class Worker implements Dispatcher {
  readonly #options: WorkerOptions;
  readonly #slots: Slots;
  readonly #pump: Pump;
  readonly #presence: Presence;
  readonly #pace: ReplayPace;
  readonly #retention: RetentionSweeper;
  readonly #missingKeys: MissingKeys;
  readonly #active = new Set<Promise<void>>();
  /** Before what the database refused is settled again. */
  readonly #pauses: Pauses;
  #stopping = false;
  #claims: boolean;
  /** Of what something was left for want of a slot, or may have been. */
  #left: ReadonlySet<ClaimKind> = new Set();

  constructor(options: WorkerOptions) {
    const { store, clock, logger, settings, heartbeats, routing } = options;
    this.#options = options;
    this.#claims = options.claims;
    this.#pauses = new Pauses(clock);
    this.#pace = new ReplayPace({
      clock,
      moreToCome: () => this.#left.has('step') || this.#pump.looks,
      countSteps: (runId) => store.countBurst(runId),
    });
    const { flowConcurrency, stepConcurrency } = settings;
    this.#slots = new Slots({ run: flowConcurrency, flow: flowConcurrency, step: stepConcurrency, message: messageConcurrency });
    this.#pump = new Pump({
      clock,
      pollMs,
      now: () => store.now(),
      claim: () => this.#claim(),
      onError: (error) => logger.error(`Looking for work failed and will be repeated: ${describeError(error)}`),
      onRest: () => this.#pace.looked(),
    });
    const { leaseMs, deploymentId, retention } = settings;
    this.#missingKeys = new MissingKeys({ store, clock, logger, hasKey: (keyId) => routing.hasKey(keyId) });
    this.#retention = new RetentionSweeper({ store, clock, logger, retention });
    this.#presence = new Presence({ store, clock, logger, leaseMs, deploymentId, heartbeats, onReaped: () => this.#pump.kick() });
  }

  async start(): Promise<void> {
    await this.#presence.start();
    if (this.#claims) this.#retention.start();
    this.#pump.kick();
  }

  /** Takes nothing new, lets what is under way end within `drainMs`, gives the rest back untouched. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    this.#pace.stop();
    this.#pauses.end();
    await Promise.all([this.#pump.stop(), this.#retention.stop()]);
    await this.#drained(drainMs);
    await this.#presence.leave();
  }

  kick(): void {
    this.#pump.kick();
  }

  /** From now on it looks for work too. */
  claim(): void {
    this.#claims = true;
    this.#retention.start();
    this.#pump.kick();
  }

  /** Makes a delivery that came over HTTP this worker's own; false if its lease was lost on the way. */
  async takeOver({ wire, handler, ...received }: ReceivedDelivery): Promise<boolean> {
    const owner = this.#presence.workerId;
    const { of, shard, runId, id, lease } = wire;
    const adopted = {
      lease: { owner, epoch: lease.epoch },
      deploymentId: '',
      run: undefined,
      step: undefined,
      waitsDue: true,
      birth: null,
    };
    const request: DeliveryRequest = { ...received, ...wire, ...adopted };
    const adopting = this.#options.store.commit({ kind: 'adopt', of, shard, runId, id, lease, owner });
    const { held, ownerAlive } = await adopting.catch((error: unknown) => {
      // It may be this worker's all the same, and the sender does not know. Once: later it may be that of a delivery that was accepted.
      this.#own(this.#settleOnce(request, resultOf(error, request.attempt, this.#options.store.now())));
      throw error;
    });
    if (!ownerAlive) {
      this.takerIsDead(owner);
      // The lease is the sender's still, who is to try again.
      throw unavailable(`Worker ${owner} was given up and cannot take over ${of} "${id}" before it is known again.`);
    }
    if (!held || this.#stopping) return false;
    this.#slots.take(claimKindOf(request));
    this.#own(this.#deliver(request, { kind: 'inprocess', handler }));
    return true;
  }

  offerRun({ namespace, deploymentId, encryptionKeyId }: OfferedRun): string | undefined {
    const isDeliverable = this.#options.routing.admits({ kind: 'workflow', namespace, deploymentId, encryptionKeyId });
    return this.#offer(claimKindOf({ of: 'run', namespace }), isDeliverable);
  }

  dropRun({ namespace }: Pick<OfferedRun, 'namespace'>): void {
    this.#slots.give(claimKindOf({ of: 'run', namespace }));
  }

  keepRun({ namespace }: Pick<OfferedRun, 'namespace'>): void {
    this.#slots.take(claimKindOf({ of: 'run', namespace }));
  }

  runTaken(run: TakenRun, certain?: Promise<boolean>): void {
    // Once the others of the same transaction have been told as well: a replay that begins with one of them sees what all did.
    const told = Promise.resolve();
    this.#own(told.then(() => this.#deliverRun(run, certain)));
  }

  /** Only what begins in this process: a step that is sent on is started by whoever receives it, which would be for the second time. */
  offerStep({ namespace, deploymentId, encryptionKeyId }: OfferedRun, stepName: string): string | undefined {
    const { routing } = this.#options;
    const step = { kind: 'step', namespace, deploymentId, encryptionKeyId, stepName } as const;
    return this.#offer('step', routing.admits(step) && routing.routeOf(step).kind === 'inprocess');
  }

  dropStep(): void {
    this.#slots.give('step');
  }

  takerIsDead(workerId: string): void {
    const proven = this.#presence.prove(workerId);
    this.#own(proven.then((isKnown) => (isKnown ? this.#pump.kick() : undefined)));
  }

  somethingDue(dueAt: number): void {
    this.#pump.dueAt(dueAt);
  }

  deliverBorn(claimed: ClaimedStep, message: StepMessage): void {
    this.#own(this.#deliverStep(claimed, message));
  }

  /** Whether it may lease anything now. */
  get #takes(): boolean {
    return this.#claims && !this.#stopping && this.#presence.isKnown;
  }

  #offer(kind: ClaimKind, deliverable: boolean): string | undefined {
    if (!this.#takes || !deliverable) return undefined;
    if (this.#slots.free(kind) === 0) {
      this.#leave([kind]);
      return undefined;
    }
    this.#slots.take(kind);
    return this.#presence.workerId;
  }

  async #claim(): Promise<number | undefined> {
    const { store, routing } = this.#options;
    const { filter, limits, full } = this.#slots.claimable(routing.claimFilter());
    // What was left for want of a slot need not be asked for: it is there.
    const surelyDue = [...this.#left].some((kind) => this.#slots.free(kind) > 0);
    // Whoever finishes first looks again.
    this.#left = new Set(full);
    if (!this.#takes || kindsOf(filter).length === 0) return undefined;
    // Past the next look, which comes a poll after this one is over.
    const until = store.now() + 2 * pollMs;
    const from = surelyDue ? undefined : await store.nextDueAt(filter, until);
    const now = store.now();
    if (!surelyDue && (from === undefined || from > now)) {
      if (filter.keyIds) this.#own(this.#missingKeys.look(now));
      return from;
    }
    const owner = this.#presence.workerId;
    const { claims, nextDueAt, ownerAlive } = await commitOrWritten(store, { kind: 'claim', owner, now, filter, limits, from, until });
    if (!ownerAlive) {
      this.takerIsDead(owner);
      return undefined;
    }
    this.#dispatch(claims);
    const left = leftOf(limits, claims);
    const mayHaveMore = kindsOf(filter).filter((kind) => left[kind] === 0);
    this.#leave([...mayHaveMore, ...this.#slots.claimable(filter).full]);
    // Some deliveries have ended while it claimed, and nobody else will look for their slots.
    if (mayHaveMore.some((kind) => this.#slots.free(kind) > 0)) this.#pump.kick();
    // Claims that follow each other closely are followed by one look.
    return Math.min(nextDueAt ?? Infinity, (Math.floor(now / lookAgainMs) + 2) * lookAgainMs);
  }

  #leave(kinds: readonly ClaimKind[]): void {
    this.#left = new Set([...this.#left, ...kinds]);
  }

  #dispatch({ runs, steps, messages }: Claims): void {
    for (const run of runs) {
      this.keepRun(run);
      this.#own(this.#deliverRun(run));
    }
    for (const claimed of steps) {
      this.#slots.take('step');
      this.#own(this.#deliverStep(claimed));
    }
    for (const row of messages) {
      this.#slots.take('message');
      this.#own(this.#deliverMessage(row));
    }
  }

  async #deliverRun(run: TakenRun, certain?: Promise<boolean>): Promise<void> {
    const { store } = this.#options;
    const calm = this.#pace.calm(run);
    if (calm) {
      await calm;
      // Given back with all that this worker has: a replay that had to be waited for would keep it from leaving.
      if (this.#stopping) return;
    }
    const read = run.inboxFull === 1 ? await readWithInbox(run, store.listInbox) : readMessage(() => runMessage(run, []));
    // While it waited, its steps went on: what it is to see of them is asked for.
    const request = runRequest(run, read, { seen: !calm, certain });
    await this.#deliver(request, this.#routeOf(run, { kind: 'workflow', namespace: run.namespace }));
  }

  /** `message`: what the SDK has sent for it, where that is at hand. */
  async #deliverStep(claimed: ClaimedStep, message?: Message): Promise<void> {
    const { runId, namespace, stepName } = claimed.step;
    this.#pace.stepBegins(runId);
    try {
      const read = readMessage(() => message ?? stepMessage(claimed));
      await this.#deliver(stepRequest(claimed, read), this.#routeOf(claimed.run, { kind: 'step', namespace, stepName }));
    } finally {
      this.#pace.stepEnds(runId);
    }
  }

  #routeOf({ encryptionKeyId }: RunRow, subject: Pick<Subject, 'kind' | 'namespace' | 'stepName'>): Route {
    const route = this.#options.routing.routeOf({ ...subject, encryptionKeyId });
    if (route.kind === 'none' && encryptionKeyId !== null) this.#missingKeys.tell(encryptionKeyId);
    return route;
  }

  async #deliverMessage(row: MessageRow): Promise<void> {
    const request = messageRequest(row);
    const route = () => this.#options.routing.route(parseQueueName(row.queueName).kind, request.namespace);
    await this.#deliver(request, request.unreadable ? { kind: 'none' } : route());
  }

  async #deliver(request: DeliveryRequest, route: Route): Promise<void> {
    const { store, logger, routing } = this.#options;
    let result: SettleResult | undefined;
    try {
      if (request.unreadable !== undefined) throw request.unreadable;
      if (route.kind === 'none') {
        result = { kind: 'release', dueAt: store.now() + undeliverableDelayMs };
      } else if (route.kind === 'http') {
        if (await isReal(request)) result = await inDeliverySpan(request, 'http', () => routing.http.send(request, route.path));
      } else {
        result = await inDeliverySpan(request, 'inprocess', async () => {
          const replayEnds = request.of === 'run' ? this.#pace.replayBegins(request.id) : undefined;
          const called = await callHandler(request, route.handler, store, logger);
          replayEnds?.(called.delivery.openSteps);
          this.#startBorn(called.delivery);
          return called.result;
        });
      }
    } catch (error) {
      logger.error(`Delivery ${request.attempt} of ${request.of} "${request.id}" failed: ${describeError(error)}`);
      result = resultOf(error, request.attempt, store.now());
    } finally {
      this.#slots.give(claimKindOf(request));
    }
    if (result) await this.#settle(request, result);
    if (this.#left.has(claimKindOf(request))) this.#pump.kick();
  }

  /** Steps that a replay created and then did not queue, as when it threw: their rows are leased to this worker all the same. */
  #startBorn({ born }: Delivery): void {
    for (const claimed of born.values()) this.#own(this.#deliverStep(claimed));
    born.clear();
  }

  /** A lease lasts as long as its worker lives, so nobody else would ever end this delivery: it is tried until it is done. */
  async #settle(request: DeliveryRequest, result: SettleResult): Promise<void> {
    if (!(await isReal(request))) return;
    const { logger } = this.#options;
    for (;;) {
      try {
        return await this.#settleOnce(request, result);
      } catch (error) {
        logger.error(`Settling ${request.of} "${request.id}" failed: ${describeError(error)}`);
        if (this.#stopping) return;
        await this.#pauses.for(isAway(error) ? settleAgainMs : settleRefusedMs);
      }
    }
  }

  async #settleOnce(request: DeliveryRequest, result: SettleResult): Promise<void> {
    const { store } = this.#options;
    const { of, shard, runId, id, lease, inbox } = request;
    const again = of === 'run' && (result.kind === 'done' || result.kind === 'again');
    const offered = again ? this.offerRun(request) : undefined;
    const abandon = () => {
      if (offered) this.dropRun(request);
    };
    const act: SettleAct = { kind: 'settle', of, shard, runId, id, lease, now: store.now(), result, takeRunFor: offered ?? null, inbox };
    await commitAndBegin(store, act, {
      begin: ({ taken }) => {
        if (taken) this.runTaken(taken);
        else abandon();
        return taken !== undefined;
      },
      abandon,
    });
    if (result.kind !== 'done') this.#pump.dueAt(result.dueAt);
    // What woke it while it was delivered has made it due by now.
    if (of === 'run' && result.kind === 'retry') this.#pump.kick();
  }

  #own(delivery: Promise<void>): void {
    const owned = delivery
      .catch((error: unknown) => this.#options.logger.error(`A delivery failed: ${describeError(error)}`))
      .finally(() => this.#active.delete(owned));
    this.#active.add(owned);
  }

  async #drained(drainMs: number): Promise<void> {
    let cancel = () => {};
    const deadline = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(drainMs, resolve, { keepAlive: true });
    });
    const empty = (async () => {
      while (this.#active.size > 0) await Promise.all(this.#active);
    })();
    await Promise.race([empty, deadline]);
    cancel();
  }
}
