import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import type { Store } from '../world/port.ts';
import type { HeartbeatThread } from './heartbeat-thread.ts';

export interface PresenceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly deploymentId: string;
  /** Beats on while the event loop stands still. */
  readonly heartbeats?: HeartbeatThread | undefined;
  /** Work was given back that a dead worker held. */
  readonly onReaped: () => void;
}

const sweepAtMostMs = 1_000;
const healthCheckPrefix = '__health_check__';
const healthCheckTtlMs = 3_600_000;

/**
 * A worker's life as the others see it: one row with a heartbeat, whatever the number of its leases. Each worker also buries the dead, so
 * that recovery needs no restart of anything: what they held is due again within the lease and one sweep.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #startedAt: number;
  #workerId = newWorkerId();
  #isKnown = true;
  /** It heard so, and has no new name yet. */
  #wasGivenUp = false;
  #renaming = false;
  #cancelBeat = () => {};
  #cancelSweep = () => {};
  #stopped = false;
  #proof: Promise<boolean> | undefined;
  readonly #underway = new Set<Promise<unknown>>();
  #lastHealthSweep = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAt = options.store.now();
  }

  get workerId(): string {
    return this.#workerId;
  }

  /** False from when this worker hears that it was given up, or may have been, until it is known: it must take nothing meanwhile. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Resolves when the others know of this worker. */
  async start(): Promise<void> {
    await this.#beat(true);
    this.#scheduleBeat();
    await this.sweep();
    this.#scheduleSweep();
  }

  /**
   * The store refused to give something to this name, for it is not alive: shows itself at once, and is known by this name again or by a new
   * one. False: it could not; a later beat will.
   */
  async prove(workerId: string): Promise<boolean> {
    if (this.#stopped || workerId !== this.#workerId) return this.#isKnown;
    this.#isKnown = false;
    this.#proof ??= this.#beat(false)
      .then(() => this.#isKnown)
      .finally(() => (this.#proof = undefined));
    return await this.#proof;
  }

  /** Gives everything back at once and is forgotten. */
  async leave(): Promise<void> {
    this.#stopped = true;
    this.#cancelBeat();
    this.#cancelSweep();
    // Also a beat that is about to find a new name: that is the one to leave by.
    await Promise.all([...this.#underway, this.#proof]);
    this.#options.heartbeats?.forget(this.#workerId);
    await this.#options.store.commit({ kind: 'leave', workerId: this.#workerId, now: this.#options.store.now() });
  }

  #scheduleBeat(): void {
    if (this.#stopped) return;
    const { clock, leaseMs } = this.#options;
    const dueAt = clock.monotonic() + leaseMs / 3;
    // A worker keeps its process alive: it is what the process is for.
    this.#cancelBeat = clock.after(leaseMs / 3, () => this.#own(this.#beatAt(dueAt).then(() => this.#scheduleBeat())), { keepAlive: true });
  }

  /** Whoever computes for longer than a lease keeps it by a thread, and should hear of it: nothing else happened in the process meanwhile. */
  async #beatAt(dueAt: number): Promise<void> {
    const { clock, leaseMs, logger } = this.#options;
    const [workerId, stillMs] = [this.#workerId, clock.monotonic() - dueAt];
    await this.#beat(false);
    if (stillMs > leaseMs && this.#isKnown && workerId === this.#workerId)
      logger.warn(
        `The event loop of worker ${workerId} stood still for ${Math.round(stillMs)} ms, longer than its lease of ${leaseMs} ms.`,
      );
  }

  #scheduleSweep(): void {
    if (this.#stopped) return;
    const { clock, leaseMs } = this.#options;
    this.#cancelSweep = clock.after(Math.min(sweepAtMostMs, leaseMs / 2), () => this.#own(this.sweep().then(() => this.#scheduleSweep())));
  }

  #own(work: Promise<unknown>): void {
    const owned = work.finally(() => this.#underway.delete(owned));
    this.#underway.add(owned);
  }

  async #beat(register: boolean): Promise<void> {
    const { store, leaseMs, logger, heartbeats } = this.#options;
    const workerId = this.#workerId;
    try {
      const { known } = await store.commit({ kind: 'heartbeat', workerId, leaseMs, register: register ? this.#self() : null });
      // Two beats may be told at the same time; one of them sees to it.
      if (this.#stopped || this.#renaming || workerId !== this.#workerId) return;
      if (known) {
        this.#isKnown = true;
        heartbeats?.heard(workerId);
        return;
      }
      if (!this.#wasGivenUp)
        logger.warn(`Worker ${workerId} was away for longer than its lease of ${leaseMs} ms; its deliveries were given to others.`);
      this.#wasGivenUp = true;
      this.#isKnown = false;
      await this.#rename();
    } catch (error) {
      if (register) throw error;
      logger.error(`Worker ${this.#workerId} could not renew its lease: ${describeError(error)}`);
    }
  }

  /** What it held is another's now; under a new name it starts afresh, once the others know that name. Failed, the next beat tries again. */
  async #rename(): Promise<void> {
    const { store, leaseMs, heartbeats, onReaped } = this.#options;
    const workerId = newWorkerId();
    this.#renaming = true;
    try {
      await store.commit({ kind: 'heartbeat', workerId, leaseMs, register: this.#self() });
    } finally {
      this.#renaming = false;
    }
    heartbeats?.forget(this.#workerId);
    this.#workerId = workerId;
    this.#isKnown = true;
    heartbeats?.heard(workerId);
    this.#wasGivenUp = false;
    onReaped();
  }

  /** Looks for the dead and gives what they held to the living; timers do it, and tests may. */
  async sweep(): Promise<void> {
    const { store, logger, onReaped } = this.#options;
    try {
      if (await this.#othersDied()) {
        const { workers, deliveries } = await store.commit({ kind: 'reap', now: store.now() });
        if (deliveries > 0) logger.warn(`Worker ${workers.join(', ')} died; ${deliveries} of its deliveries are given to others.`);
        onReaped();
      }
      await this.#sweepHealthChecks();
    } catch (error) {
      if (!this.#stopped) logger.error(`Looking for dead workers failed: ${describeError(error)}`);
    }
  }

  /** After a stall of its own a worker looks as dead as the others to itself: it shows itself first, and then looks again. */
  async #othersDied(): Promise<boolean> {
    const { store } = this.#options;
    if (!(await store.hasDeadWorkers())) return false;
    await this.#beat(false);
    return store.hasDeadWorkers();
  }

  /** Answers to health checks belong to no run that could be deleted with them (spec/world.md D9). */
  async #sweepHealthChecks(): Promise<void> {
    const { store } = this.#options;
    if (store.now() - this.#lastHealthSweep < healthCheckTtlMs) return;
    this.#lastHealthSweep = store.now();
    await store.commit({ kind: 'sweepStreams', namePrefix: healthCheckPrefix, before: store.now() - healthCheckTtlMs });
  }

  #self() {
    return { host: hostname(), pid: process.pid, deploymentId: this.#options.deploymentId, startedAt: this.#startedAt };
  }
}

function newWorkerId(): string {
  return `wkr_${randomUUID()}`;
}
