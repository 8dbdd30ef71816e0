import { hostname } from 'node:os';
import { describeError } from '../../base/logger.ts';
import type { ExecutionMark } from '../../world/flow-port.ts';
import { isTerminal } from '../../world/rows.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';

interface Held {
  readonly id: string;
  readonly epoch: number;
  readonly controller: AbortController;
  readonly since: number;
}

const watchMs = 500;
// Engines of one database in one process do not wait for each other's watch.
const holdingIn = new WeakMap<object, Set<Claims>>();

function holdingOf({ shared }: FlowWorld): Set<Claims> {
  const holding = holdingIn.get(shared) ?? new Set();
  holdingIn.set(shared, holding);
  return holding;
}

/**
 * The executions that this process holds. Their signals abort when one ends elsewhere, is to be cancelled, or its lease went to another;
 * and the owners that are no workers of the World are kept alive while they hold something.
 */
export class Claims {
  readonly #world: FlowWorld;
  readonly #held = new Set<Held>();
  readonly #owners = new Map<string, { holds: number; beatAt: number }>();
  /** How many names each engine has given up. */
  readonly #spent = new Map<string, number>();
  #cancelWatch: (() => void) | undefined;
  #looking = false;
  #cancelBeat: (() => void) | undefined;
  #closed = false;

  constructor(world: FlowWorld) {
    this.#world = world;
  }

  hold(id: string, epoch: number): Held {
    const held = { id, epoch, controller: new AbortController(), since: this.#world.clock.monotonic() };
    this.#held.add(held);
    holdingOf(this.#world).add(this);
    this.#watch();
    return held;
  }

  drop(held: Held): void {
    this.#held.delete(held);
    if (this.#held.size === 0) holdingOf(this.#world).delete(this);
  }

  abort(id: string): void {
    for (const claims of holdingOf(this.#world)) claims.#abortOwn(id);
  }

  /** Makes an owner known, so that nobody takes what it is about to hold for a dead worker's. */
  async enlist(owner: string): Promise<void> {
    const known = this.#owners.get(owner);
    if (known) {
      known.holds += 1;
      // What it held before is over, and nothing has kept it alive since.
      if (this.#world.clock.monotonic() - known.beatAt < this.#world.leaseMs / 2) {
        this.#world.heartbeats?.heard(owner, known.beatAt);
        return this.#scheduleBeat();
      }
    } else this.#owners.set(owner, { holds: 1, beatAt: this.#world.clock.monotonic() });
    await this.#beat(owner);
    this.#scheduleBeat();
  }

  /** The name under which an engine holds what it claims from now on. */
  nameOf(engine: string): string {
    const spent = this.#spent.get(engine) ?? 0;
    return spent === 0 ? engine : `${engine}.${spent}`;
  }

  /**
   * What became of a claim is not known, or it could not be given back: the lease would last as long as its owner is kept alive. So the
   * engine goes on under another name, and this one ends with what else it holds.
   */
  giveUp(engine: string, owner: string): void {
    this.dismiss(owner);
    if (this.nameOf(engine) === owner) this.#spent.set(engine, (this.#spent.get(engine) ?? 0) + 1);
  }

  /** The store says that it is not alive, so it has to be made known again. */
  async revive(owner: string): Promise<void> {
    await this.#beat(owner);
  }

  dismiss(owner: string): void {
    const known = this.#owners.get(owner);
    if (!known) return;
    known.holds -= 1;
    if (known.holds === 0) this.#world.heartbeats?.forget(owner);
  }

  /** Gives up everything at once; what the database does not take back ends with its lease. */
  async close(): Promise<void> {
    this.#closed = true;
    holdingOf(this.#world).delete(this);
    this.#cancelWatch?.();
    this.#cancelBeat?.();
    for (const owner of this.#owners.keys()) this.#world.heartbeats?.forget(owner);
    if (this.#owners.size === 0) return;
    try {
      const store = await this.#world.open();
      for (const owner of this.#owners.keys()) await store.commit({ kind: 'leave', workerId: owner, now: store.now() });
    } catch (error) {
      this.#world.logger.warn(
        `Giving up claimed executions failed, so that others get them when their lease is over: ${describeError(error)}`,
      );
    }
    this.#owners.clear();
  }

  #abortOwn(id: string): void {
    for (const held of this.#held) if (held.id === id) held.controller.abort();
  }

  async #beat(workerId: string): Promise<void> {
    const { leaseMs, deploymentId, clock } = this.#world;
    const store = await this.#world.open();
    const register = { host: hostname(), pid: process.pid, deploymentId, startedAt: store.now() };
    await store.commit({ kind: 'heartbeat', workerId, leaseMs, register });
    const known = this.#owners.get(workerId);
    if (!known) return;
    known.beatAt = clock.monotonic();
    if (known.holds > 0 && !this.#closed) this.#world.heartbeats?.heard(workerId, known.beatAt);
  }

  #scheduleBeat(): void {
    if (this.#cancelBeat || this.#closed) return;
    this.#cancelBeat = this.#world.clock.after(this.#world.leaseMs / 3, () => {
      this.#cancelBeat = undefined;
      const busy = [...this.#owners].filter(([, { holds }]) => holds > 0);
      if (busy.length === 0 || this.#closed) return;
      this.#own(Promise.all(busy.map(([owner]) => this.#beat(owner))).finally(() => this.#scheduleBeat()));
    });
  }

  #watch(): void {
    if (this.#cancelWatch || this.#looking || this.#closed) return;
    this.#cancelWatch = this.#world.clock.after(watchMs, () => {
      this.#cancelWatch = undefined;
      if (this.#held.size === 0 || this.#closed) return;
      this.#looking = true;
      const looked = this.#look().finally(() => {
        this.#looking = false;
        this.#watch();
      });
      this.#own(looked);
    });
  }

  async #look(): Promise<void> {
    const lookedAt = this.#world.clock.monotonic();
    // What was claimed a moment ago was looked at then.
    const held = [...this.#held].filter(({ since }) => lookedAt - since >= watchMs / 2);
    if (held.length === 0) return;
    const marks = await (await flowStore(this.#world)).listExecutionMarks(held.map(({ id }) => id));
    for (const one of held) if (!isStillHeld(one, marks.get(one.id))) one.controller.abort();
  }

  #own(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#closed) this.#world.logger.error(`Looking after claimed executions failed: ${describeError(error)}`);
    });
  }
}

function isStillHeld({ epoch }: Held, mark: ExecutionMark | undefined): boolean {
  return mark !== undefined && isLeased(mark, epoch) && mark.cancelRequest === null && !isTerminal(mark.status);
}

/** Whether the lease of this epoch is still the one that counts. */
export function isLeased({ leaseOwner, leaseEpoch }: ExecutionMark, epoch: number): boolean {
  return leaseOwner !== null && leaseEpoch === epoch;
}
