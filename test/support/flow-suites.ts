import type { Clock } from '../../src/base/clock.ts';
import { Engine } from '../../src/flow/engine.ts';
import { createFlowRegistry } from '../../src/flow/flow-registry.ts';
import { createHandlerRegistry } from '../../src/flow/handler-registry.ts';
import type { EngineBackend } from '../../src/flow/testing/contract/engine.ts';
import { smallExecution } from '../../src/flow/testing/contract/sample-execution.ts';
import { testTriggerStore } from '../../src/flow/testing/contract/trigger-store.ts';
import { testEngine, testResumeTokens, testStateStore } from '../../src/flow/testing/index.ts';
import { WorldResumeTokens } from '../../src/flow/world/world-resume-tokens.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import { WorldTriggerStore } from '../../src/flow/world/world-trigger-store.ts';
import type { Store } from '../../src/world/port.ts';
import { flowWorld } from './flow-world.ts';

export type OpenStore = (clock: Clock) => Promise<{ readonly store: Store; close(): Promise<void> }>;

/** What flows promise of executions, tokens, triggers and engines, asked of the World on a store. */
export function testFlowsOnStore(name: string, openStore: OpenStore): void {
  testStateStore(name, async ({ clock }) => {
    const { store, close } = await openStore(clock);
    return { store: new WorldStateStore(flowWorld(store, clock)), close };
  });

  testResumeTokens(name, async ({ clock }) => {
    const { store, close } = await openStore(clock);
    const world = flowWorld(store, clock);
    const executions = new WorldStateStore(world);
    return {
      tokens: new WorldResumeTokens(world),
      createExecution: (id) => executions.save(smallExecution({ id, createdAt: clock.now(), updatedAt: clock.now() })),
      close,
    };
  });

  testTriggerStore(name, async ({ clock }) => {
    const { store, close } = await openStore(clock);
    const world = flowWorld(store, clock);
    return { triggers: new WorldTriggerStore(world, new WorldStateStore(world).index), close };
  });

  testEngine(name, (given) => backend(openStore, given.clock));
}

async function backend(openStore: OpenStore, clock: Clock): Promise<EngineBackend> {
  const { store, close } = await openStore(clock);
  const flows = createFlowRegistry();
  const owners = new Map<Engine, string>();
  return {
    open({ flows: given = [], handlers = [], ...options }) {
      // A world of its own for each: they share the database and nothing else, as processes do.
      const world = flowWorld(store, clock);
      const owner = `worker-${owners.size}`;
      for (const flow of given) flows.register(flow);
      const tokens = new WorldResumeTokens(world);
      const engine = new Engine(new WorldStateStore(world), createHandlerRegistry(handlers), flows, { tokens, clock, owner, ...options });
      owners.set(engine, owner);
      return engine;
    },
    async kill(engine) {
      await store.commit({ kind: 'leave', workerId: owners.get(engine) ?? '', now: clock.now() });
    },
    async sweep() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (await store.hasDeadWorkers()) await store.commit({ kind: 'reap', now: clock.now() });
    },
    close,
  };
}
