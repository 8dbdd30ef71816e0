import { resolve } from 'node:path';
import type { World } from '@workflow/world';
import { type Clock, systemClock } from '../base/clock.ts';
import { createStderrLogger, type Logger } from '../base/logger.ts';
import { createReceiver } from '../runtime/http-receiver.ts';
import { Host } from '../runtime/host.ts';
import { createQueue } from '../runtime/queue.ts';
import type { WorldContext } from '../world/context.ts';
import { createEvent } from '../world/create-event.ts';
import { encryption, keyIdOf } from '../world/encryption.ts';
import { eventReads, hookReads, runReads, stepReads } from '../world/reads.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import type { Store } from '../world/port.ts';
import { streamer } from '../world/streams.ts';
import type { FlowWorld } from '../flow/world/flow-world.ts';
import { hooksOfFlows, throughFlows } from './flow-runs.ts';
import { openStore } from './open-store.ts';
import { type Environment, expectDeliverable, readSettings, type Settings } from './settings.ts';

export interface CreateWorldOptions {
  /** Read instead of `process.env`. */
  readonly env?: Environment;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Shares neither connection nor worker with the other Worlds of this process: as if it were in another one. */
  readonly apart?: boolean;
  /** Used instead of the store that the URL names: for tests that stand between a World and its database. */
  readonly openStore?: () => Promise<Store>;
}

/** A World of Pawl has every member of the SDK's interface, the optional ones included. */
export type PawlWorld = World & Required<Pick<World, 'start' | 'close' | 'specVersion' | 'getEncryptionKeyForRun' | 'writeToStreamMulti'>>;

/**
 * Makes the World that the environment describes (spec/world.md A1). Opens no file, timer or connection: the first call that needs the
 * store does, and only `start()` makes this process a worker. A wrong setting is told by the first call too.
 */
export function createWorld(options: CreateWorldOptions = {}): PawlWorld {
  const user = {};
  const lazy = lazily(() => connect(options));
  const context: WorldContext = {
    open: () => lazy().host.open(user),
    dispatcher: () => lazy().host.dispatcher,
    freshWakes: () => lazy().host.freshWakes,
    now: () => lazy().clock.now(),
    get namespace() {
      return lazy().settings.namespace;
    },
    get encryptionKeyId() {
      const [newest] = lazy().settings.encryptionKeys;
      return newest === undefined ? null : keyIdOf(newest);
    },
    get maxEvents() {
      return lazy().settings.maxEvents;
    },
    get logger() {
      return lazy().logger;
    },
  };
  const flows = flowWorld(context, lazy);
  const create = throughFlows(flows, announcing(lazy, createEvent(context)));

  const world = {
    specVersion,
    async start() {
      const { host, settings } = lazy();
      expectDeliverable(settings);
      await host.start(user, settings);
    },
    async close() {
      await lazy.made?.host.release(user);
    },
    async getDeploymentId() {
      return lazy().settings.deploymentId;
    },
    queue: async (...call) => {
      const { host } = lazy();
      return createQueue({
        context,
        createEvent: create,
        startingRuns: host.startingRuns,
        deliverBorn: (claimed, message) => host.dispatcher.deliverBorn(claimed, message),
        messageLeft: () => host.messageLeft(),
      })(...call);
    },
    createQueueHandler(prefix, handler) {
      // Called without `this`, and on a World that is never used otherwise (spec/world.md A2).
      const { host } = lazy();
      host.handlers.register(prefix, handler);
      return createReceiver(prefix, handler, () => ({
        secret: () => host.secret(user),
        now: async () => (await context.open()).store.now(),
        takeOver: (received) => host.takeOver(user, received),
      }));
    },
    runs: runReads(context),
    steps: stepReads(context),
    hooks: hooksOfFlows(flows, hookReads(context)),
    events: { create, ...eventReads(context) },
    ...streamer(context, {
      emit: (...call) => lazy().host.signals.emit(...call),
      listen: (...call) =>
        lazy()
          .host.signals.of(user)
          .listen(...call),
    }),
    getEncryptionKeyForRun: async (...call: Parameters<PawlWorld['getEncryptionKeyForRun']>) =>
      lazy().getEncryptionKeyForRun(context)(...call),
  } as PawlWorld;
  insides.set(world, { flows, host: () => lazy().host, settings: () => lazy().settings });
  return world;
}

/** What an Engine shares with the World it lives in. */
export interface WorldInsides {
  readonly flows: FlowWorld;
  host(): Host;
  settings(): Settings;
}

const insides = new WeakMap<World, WorldInsides>();

export function insidesOf(world: PawlWorld): WorldInsides {
  const known = insides.get(world);
  if (known) return known;
  throw new TypeError('This World was not made by createWorld.');
}

function flowWorld(context: WorldContext, lazy: () => Connected): FlowWorld {
  return {
    open() {
      const opened = context.open();
      return opened instanceof Promise ? opened.then(({ store }) => store) : opened.store;
    },
    dispatcher: () => context.dispatcher(),
    executionLeft: () => lazy().host.executionLeft(),
    clock: {
      now: () => lazy().host.now(),
      monotonic: () => lazy().clock.monotonic(),
      after: (...call) => lazy().clock.after(...call),
    },
    get heartbeats() {
      return lazy().host.heartbeats;
    },
    get shared() {
      return lazy().host;
    },
    get logger() {
      return lazy().logger;
    },
    get deploymentId() {
      return lazy().settings.deploymentId;
    },
    get namespace() {
      return lazy().settings.namespace;
    },
    get leaseMs() {
      return lazy().settings.leaseMs;
    },
  };
}

interface Connected {
  readonly settings: Settings;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly getEncryptionKeyForRun: (context: WorldContext) => PawlWorld['getEncryptionKeyForRun'];
}

// Two copies of this module may be loaded in one process, by `require` and by a bundler: what they share hangs on the process.
const sharedHosts = Symbol.for('pawl/runtime@0');

function connect({ env = process.env, clock = systemClock, logger, apart = false, openStore: open }: CreateWorldOptions): Connected {
  const settings = readSettings(env);
  const log = logger ?? createStderrLogger(settings.logLevel);
  const shared = globalThis as { [sharedHosts]?: Map<string, Host> };
  const hosts = apart ? new Map<string, Host>() : (shared[sharedHosts] ??= new Map());
  const key = settings.url.startsWith('sqlite:') ? resolve(settings.url.slice('sqlite:'.length)) : `${settings.url}#${settings.schema}`;
  const host = hosts.get(key) ?? new Host({ settings, clock, logger: log, openStore: open ?? (() => openStore(settings, clock, log)) });
  hosts.set(key, host);
  let keys: PawlWorld['getEncryptionKeyForRun'] | undefined;
  return {
    settings,
    host,
    clock,
    logger: log,
    getEncryptionKeyForRun: (context) =>
      (keys ??= encryption(context, { secrets: settings.encryptionKeys, clock })
        .getEncryptionKeyForRun as PawlWorld['getEncryptionKeyForRun']),
  };
}

/** While a run is being created, the queue of the same process waits for it instead of creating it a second time. */
function announcing(lazy: () => Connected, create: World['events']['create']): World['events']['create'] {
  const announce = (...[runId, data, params]: Parameters<World['events']['create']>) => {
    const created = create(runId, data as never, params);
    if (runId === null || (data as { eventType?: string } | null)?.eventType !== 'run_created') return created;
    const { startingRuns } = lazy().host;
    startingRuns.set(runId, created);
    const arrived = () => {
      if (startingRuns.get(runId) === created) startingRuns.delete(runId);
    };
    created.then(arrived, arrived);
    return created;
  };
  return announce as World['events']['create'];
}

function lazily<T>(make: () => T): (() => T) & { made: T | undefined } {
  const lazy = Object.assign((): T => (lazy.made ??= make()), { made: undefined as T | undefined });
  return lazy;
}
