import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { Engine } from '../../src/flow/engine.ts';
import { createFlowRegistry } from '../../src/flow/flow-registry.ts';
import { createHandlerRegistry } from '../../src/flow/handler-registry.ts';
import { smallExecution } from '../../src/flow/testing/contract/sample-execution.ts';
import { testEngine, testFlowRegistry, testResumeTokens, testStateStore } from '../../src/flow/testing/index.ts';
import { WorldFlowRegistry } from '../../src/flow/world/world-flow-registry.ts';
import { WorldResumeTokens } from '../../src/flow/world/world-resume-tokens.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import { flowWorld } from '../support/flow-world.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 120_000 });

async function openFile(clock: Clock) {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-flow-'));
  // Power cuts are another suite's; here only what is kept matters.
  const store = createSqliteStore({ path: join(folder, 'pawl.db'), clock, sync: 'normal' });
  await store.open();
  return {
    store,
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openMemory(clock: Clock) {
  const store = createSqliteStore({ path: ':memory:', clock });
  await store.open();
  return { store, close: () => store.close() };
}

for (const [name, openStore] of Object.entries({ 'sqlite file': openFile, 'sqlite memory': openMemory })) {
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

  // What it does without a database is that of any registry; what it stores, openEngine's suite asks.
  testFlowRegistry(name, () => {
    const clock = createFakeClock();
    return new WorldFlowRegistry(flowWorld(createSqliteStore({ path: ':memory:', clock }), clock));
  });

  testEngine(name, async ({ clock }) => {
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
      close,
    };
  });
}
