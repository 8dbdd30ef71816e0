import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import { type Dispatcher, noDispatcher } from '../world/delivery.ts';
import { unavailable } from '../world/errors.ts';
import { EventLogCache } from '../world/event-log.ts';
import { FreshWakes } from '../world/fresh-wakes.ts';
import type { Store } from '../world/port.ts';
import { Handlers } from './handlers.ts';
import { HeartbeatThread } from './heartbeat-thread.ts';
import type { ReceivedDelivery } from './http-receiver.ts';
import { HttpSender } from './http-sender.ts';
import { NoWorkerWarning } from './no-worker-warning.ts';
import { onTerminate } from './on-terminate.ts';
import { Routing } from './routing.ts';
import type { RuntimeSettings } from './settings.ts';
import { Signals } from './signals.ts';
import { Worker } from './worker.ts';

export interface HostOptions {
  readonly settings: RuntimeSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly openStore: () => Promise<Store>;
}

interface Open {
  readonly store: Store;
  readonly log: EventLogCache;
  /** One for all that hold leases in this process. */
  readonly heartbeats: HeartbeatThread | undefined;
  readonly stopListening: () => void;
}

const drainMs = 10_000;
// What is still at work then has to stop, so that there is time to write what it leaves behind.
const graceMs = 5_000;

/**
 * What all Worlds of one URL share in a process. The SDK makes at least two of them, and registers its handlers on one that it never uses
 * otherwise (spec/world.md A2), so store, worker and handlers live here, and each goes when the last World that needs it is closed.
 */
export class Host {
  readonly handlers = new Handlers();
  readonly signals = new Signals();
  readonly freshWakes: FreshWakes;
  /** `run_created` events of this process that are on their way. */
  readonly startingRuns = new Map<string, Promise<unknown>>();
  readonly #options: HostOptions;
  readonly #users = new Set<object>();
  /** With what each was told. */
  readonly #starters = new Map<object, RuntimeSettings>();
  /** By which the worker delivers. */
  #delivering: RuntimeSettings;
  /** They get deliveries over HTTP, which need a worker, though perhaps not one that claims. */
  readonly #receivers = new Set<object>();
  #open: Promise<Open> | undefined;
  /** What `#open` resolved to. */
  #current: Open | undefined;
  #worker: Promise<Worker> | undefined;
  #dispatcher: Dispatcher = noDispatcher;
  #closing: Promise<void> = Promise.resolve();
  #shrinking = 0;
  readonly #noWorker: NoWorkerWarning;
  #stopDraining = () => {};
  readonly #drains = new Set<(graceMs: number) => void>();

  constructor(options: HostOptions) {
    this.#options = options;
    this.#delivering = options.settings;
    const { clock, logger, settings } = options;
    this.freshWakes = new FreshWakes(() => clock.monotonic());
    this.#noWorker = new NoWorkerWarning({
      clock,
      logger,
      leaseMs: settings.leaseMs,
      worksHere: () => this.#worker !== undefined,
      listWorkers: () => this.#open?.then(({ store }) => store.listWorkers()),
      executionWaits: () =>
        this.#open?.then(async ({ store }) => {
          const [first] = await store.flows.listDueExecutions({ limit: 1 });
          return first !== undefined && first.dueAt <= store.now();
        }),
    });
    this.handlers.onChange(() => this.#kick());
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher;
  }

  /** What beats on for whoever holds leases while the event loop stands still; undefined where nothing is open, or it cannot. */
  get heartbeats(): HeartbeatThread | undefined {
    return this.#current?.heartbeats;
  }

  /** The instant by the clock of the database; by that of this host as long as nothing is open. */
  now(): number {
    return this.#current?.store.now() ?? this.#options.clock.now();
  }

  /** The store, opened if it is not; without a detour through a promise where this user has it open already. */
  open(user: object): Open | Promise<Open> {
    return this.#current !== undefined && this.#users.has(user) ? this.#current : this.#opened(user);
  }

  /**
   * Makes this process a worker, which delivers code as `settings` say: the first World of the URL, with those of the host, may be a stub of
   * the SDK that was made before all was set. Idempotent, however many Worlds ask.
   */
  async start(user: object, settings = this.#options.settings): Promise<void> {
    if (settings.worker === 'off') return;
    // A worker that is leaving would not begin again.
    while (this.#shrinking > 0) await this.#closing;
    // Before anything is awaited: a close that comes meanwhile is to leave the worker.
    const began = this.#starters.has(user);
    this.#starters.set(user, settings);
    this.#chooseDelivering();
    try {
      await this.#opened(user);
      const worker = await this.#workerFor(user);
      worker.claim();
    } catch (error) {
      if (!began) this.#starters.delete(user);
      this.#chooseDelivering();
      throw error;
    }
  }

  /** Deliveries that came over HTTP are carried out here, also in a process that never claims any. */
  async takeOver(user: object, received: ReceivedDelivery): Promise<boolean> {
    this.#receivers.add(user);
    return (await this.#workerFor(user)).takeOver(received);
  }

  async secret(user: object): Promise<string> {
    return this.#options.settings.secret ?? (await this.#secretIn((await this.#opened(user)).store));
  }

  /**
   * The worker drains when the last World that started it goes, or where none has, the last that gets deliveries over
   * HTTP; the store closes when the last that used it does. Its readers are told last: a step that drains may be one.
   */
  async release(user: object): Promise<void> {
    const wasUser = this.#users.delete(user);
    const wasStarter = this.#starters.delete(user);
    this.#chooseDelivering();
    const wasReceiver = this.#receivers.delete(user);
    // Whoever worked has done so for all, also for the World that the SDK never closes: a delivery that comes later makes another worker.
    if (wasStarter && this.#starters.size === 0) this.#receivers.clear();
    await (wasUser || wasStarter || wasReceiver ? this.#shrinkNow() : this.#closing);
    this.signals.close(user);
  }

  /** Tells when the process is asked to end, and after how long what is at work has to stop. The returned function ends that. */
  onDrain(drain: (graceMs: number) => void): () => void {
    this.#drains.add(drain);
    return () => this.#drains.delete(drain);
  }

  /** A message was left for a worker. */
  messageLeft(): void {
    if (this.#options.settings.logLevel !== 'silent') this.#noWorker.messageLeft();
  }

  /** An execution of a flow is due, and nobody was at hand to begin with it. */
  executionLeft(): void {
    if (this.#options.settings.logLevel !== 'silent') this.#noWorker.executionLeft();
  }

  async #opened(user: object): Promise<Open> {
    // Deliveries that a close waits for go on using what is open, and must not keep it open by that.
    if (this.#open && this.#shrinking > 0) return this.#open;
    await this.#closing;
    this.#users.add(user);
    this.#open ??= this.#openStore();
    try {
      this.#current = await this.#open;
      return this.#current;
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  async #openStore(): Promise<Open> {
    const store = await this.#options.openStore();
    const stopListening = store.onForeignCommit(() => {
      this.signals.emitAll();
      this.#kick();
    });
    const { clock, logger, settings } = this.#options;
    const beat = store.threadBeat;
    const heartbeats = beat && new HeartbeatThread({ beat, clock, leaseMs: settings.leaseMs, logger });
    return { store, log: new EventLogCache(store, clock), heartbeats, stopListening };
  }

  /** A worker that could not start has told whoever started it. */
  #kick(): void {
    this.#worker?.then(
      (worker) => worker.kick(),
      () => {},
    );
  }

  #workerFor(user: object): Promise<Worker> {
    this.#worker ??= this.#startWorker(user).catch((error: unknown) => {
      this.#worker = undefined;
      throw error;
    });
    return this.#worker;
  }

  async #startWorker(user: object): Promise<Worker> {
    const { settings, clock, logger } = this.#options;
    const { store, heartbeats } = await this.#opened(user);
    // No user of the World: one that is closed must not be brought back by what is sent later.
    const secret = async () => settings.secret ?? (await this.#secretIn(store));
    const delivering = () => this.#delivering;
    const http = new HttpSender({
      get baseUrl() {
        return delivering().baseUrl;
      },
      get belowBasePath() {
        return delivering().belowBasePath;
      },
      secret,
      now: () => store.now(),
      logger,
    });
    const routing = new Routing(this.handlers, delivering, http);
    const worker = new Worker({ store, clock, logger, settings, routing, heartbeats, claims: this.#starters.size > 0 });
    await worker.start();
    this.#dispatcher = worker;
    this.#stopDraining = onTerminate(() => this.#drain());
    return worker;
  }

  /** Of several Worlds that work, one that knows where the app answers: the others need not. A worker that drains goes on as it began. */
  #chooseDelivering(): void {
    const told = [...this.#starters.values()];
    this.#delivering = told.find(({ baseUrl }) => baseUrl !== undefined) ?? told[0] ?? this.#delivering;
  }

  async #secretIn(store: Store): Promise<string> {
    const secret = await store.getSetting('secret');
    if (!secret) throw unavailable('The database has no delivery secret; set WORKFLOW_PAWL_SECRET or run the migrations.');
    return secret;
  }

  async #shrink(): Promise<void> {
    const works = this.#users.size > 0 && (this.#starters.size > 0 || this.#receivers.size > 0);
    if (this.#worker && !works) await this.#tryToClose(() => this.#stopWorker());
    if (this.#users.size === 0) await this.#tryToClose(() => this.#closeStore());
  }

  async #tryToClose(close: () => Promise<void>): Promise<void> {
    try {
      await close();
    } catch (error) {
      // The URL may hold a password; the error says which database it was.
      this.#options.logger.error(`Closing the World failed: ${describeError(error)}`);
    }
  }

  /** The process is to end: whoever still uses this World is told by its next call. */
  async #drain(): Promise<void> {
    for (const drain of this.#drains) drain(graceMs);
    this.#starters.clear();
    this.#receivers.clear();
    this.#users.clear();
    await this.#shrinkNow();
  }

  async #shrinkNow(): Promise<void> {
    this.#shrinking += 1;
    this.#closing = this.#closing.then(() => this.#shrink()).finally(() => (this.#shrinking -= 1));
    await this.#closing;
  }

  async #stopWorker(): Promise<void> {
    this.#stopDraining();
    const worker = await this.#worker;
    try {
      await worker?.stop(drainMs);
    } finally {
      this.#worker = undefined;
      this.#dispatcher = noDispatcher;
    }
  }

  async #closeStore(): Promise<void> {
    const open = this.#open;
    this.#open = this.#current = undefined;
    if (!open) return;
    const { store, heartbeats, stopListening } = await open;
    stopListening();
    this.signals.close();
    await heartbeats?.close();
    await store.close();
  }
}
