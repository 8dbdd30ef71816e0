import { createTriggers, type Triggers } from '../flow/triggers/triggers.ts';
import type { SecretSource } from '../flow/triggers/signature.ts';
import { Engine } from '../flow/engine.ts';
import type { EngineOptions } from '../flow/engine/core.ts';
import { createHandlerRegistry } from '../flow/handler-registry.ts';
import { builtinHandlers } from '../flow/handlers/builtin-handlers.ts';
import type { Flow, StepHandler } from '../flow/types.ts';
import { worldIds } from '../flow/world/ids.ts';
import { startTriggerPump, type TriggerPump } from '../flow/world/trigger-pump.ts';
import { WorldFlowRegistry } from '../flow/world/world-flow-registry.ts';
import { WorldResumeTokens } from '../flow/world/world-resume-tokens.ts';
import { WorldStateStore } from '../flow/world/world-state-store.ts';
import { WorldTriggerStore } from '../flow/world/world-trigger-store.ts';
import { createWorld, insidesOf, type PawlWorld, type WorldInsides } from './create-world.ts';
import { joinFlowWorkers } from './flow-workers.ts';
import type { Environment } from './settings.ts';

export interface OpenEngineOptions extends Omit<EngineOptions, 'tokens' | 'ids' | 'owner' | 'code'> {
  /** `sqlite:<file>` or `postgres://...`; default `WORKFLOW_PAWL_URL`. */
  readonly url?: string;
  /** Beside the built-in ones; one of a built-in type takes its place. */
  readonly handlers?: Iterable<StepHandler>;
  readonly flows?: Iterable<Flow>;
  /** Read instead of `process.env`. */
  readonly env?: Environment;
  /** Where triggers find the secrets they name; default: the environment. */
  readonly secrets?: SecretSource;
}

/**
 * In a process with an Engine `PORT` is that of the program's own API; where the SDK's routes answer on it, the World that the SDK started
 * knows. Only who wants delivery over HTTP by all means has said that they answer somewhere.
 */
function withoutOwnPort({ PORT, ...env }: Environment): Environment {
  return env['WORKFLOW_PAWL_DELIVERY'] === 'http' ? { ...env, PORT } : env;
}

/**
 * An Engine whose executions are runs of a World: durable, carried on by any worker, seen by the SDK's tools. The flows it is given are
 * stored. It only produces, until `start()` makes this process a worker. Throws INVALID_FLOW.
 */
export async function openEngine(options: OpenEngineOptions = {}): Promise<WorldEngine> {
  const { url, clock, logger } = options;
  const env = withoutOwnPort(options.env ?? process.env);
  const world = createWorld({
    env: url === undefined ? env : { ...env, WORKFLOW_PAWL_URL: url },
    ...(clock ? { clock } : {}),
    ...(logger ? { logger } : {}),
  });
  const engine = new WorldEngine(world, options);
  try {
    await engine.flows.flush();
  } catch (error) {
    await world.close();
    throw error;
  }
  return engine;
}

/** See `openEngine`. */
export class WorldEngine extends Engine {
  declare readonly store: WorldStateStore;
  declare readonly flows: WorldFlowRegistry;
  readonly world: PawlWorld;
  readonly triggers: Triggers;
  readonly #insides: WorldInsides;
  #leave = () => {};
  #pump: TriggerPump | undefined;
  #closing: Promise<void> | undefined;

  constructor(world: PawlWorld, options: OpenEngineOptions) {
    const { handlers = [], flows = [], url: _, env: __, secrets, ...rest } = options;
    const insides = insidesOf(world);
    const { clock, logger } = insides.flows;
    const registry = createHandlerRegistry([...builtinHandlers(), ...handlers]);
    const store = new WorldStateStore(insides.flows);
    super(store, registry, new WorldFlowRegistry(insides.flows, flows, { handlers: registry }), {
      progress: progressInto(world),
      ...rest,
      tokens: new WorldResumeTokens(insides.flows),
      ids: worldIds,
      clock,
      logger,
    });
    this.world = world;
    this.#insides = insides;
    const triggerStore = new WorldTriggerStore(insides.flows, store.index);
    const sandbox = options.sandbox ? { sandbox: options.sandbox } : {};
    this.triggers = createTriggers({ engine: this, store: triggerStore, clock, logger, ...sandbox, ...(secrets ? { secrets } : {}) });
  }

  /** This process works from now on: it carries executions on, and fires triggers. Idempotent. */
  async start(): Promise<void> {
    const { flows: flowWorld, host } = this.#insides;
    await this.flows.flush();
    this.#leave();
    this.#leave = joinFlowWorkers(host(), { engine: this, index: this.store.index }, flowWorld);
    await this.world.start();
    this.#pump ??= startTriggerPump(flowWorld, this, this.triggers);
  }

  override drain(graceMs: number): void {
    void this.#pump?.stop();
    super.drain(graceMs);
  }

  /** Takes nothing new, gives what is under way back, and lets go of the database. Idempotent. */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#leave();
    await this.#pump?.stop();
    await super.close();
    await this.store.close();
    await this.world.close();
  }
}

/** What handlers report is a stream of their run, which the SDK's tools show. */
function progressInto(world: PawlWorld): NonNullable<EngineOptions['progress']> {
  return async ({ executionId, ...report }) => {
    await world.writeToStream(`strm_${executionId.replace(/^wrun_/, '')}_progress`, executionId, `${JSON.stringify(report)}\n`);
  };
}
