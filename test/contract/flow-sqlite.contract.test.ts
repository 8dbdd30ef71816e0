import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { testFlowRegistry } from '../../src/flow/testing/index.ts';
import { WorldFlowRegistry } from '../../src/flow/world/world-flow-registry.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import { testFlowsOnStore } from '../support/flow-suites.ts';
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

testFlowsOnStore('sqlite file', openFile);
testFlowsOnStore('sqlite memory', openMemory);

// What it does without a database is that of any registry; what it stores, openEngine's suite asks.
testFlowRegistry('world', () => {
  const clock = createFakeClock();
  return new WorldFlowRegistry(flowWorld(createSqliteStore({ path: ':memory:', clock }), clock));
});
