import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createWorld } from '../../src/connect/create-world.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { createGate } from '../../src/flow/testing/handlers.ts';
import { defineHandler, openEngine, Result } from '../../src/index.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import { unavailable } from '../../src/world/errors.ts';
import type { FlowStore } from '../../src/world/flow-port.ts';
import type { Store } from '../../src/world/port.ts';
import { buildFlow } from '../../src/flow/testing/build-flow.ts';
import { scratchFolder } from '../support/scratch.ts';

const engines: WorldEngine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

it('goes by the clock of the database, whatever its host believes', async () => {
  const database = createFakeClock();
  const ahead: Clock = { ...database, now: () => database.now() + 600_000 };
  const store = createSqliteStore({ path: join(await scratchFolder(), 'pawl.db'), clock: database });
  await store.open();
  const world = createWorld({ env: {}, clock: ahead, logger: silentLogger, apart: true, openStore: async () => store });
  const engine = new WorldEngine(world, {
    flows: [buildFlow({ nap: { type: 'delay', config: { duration: 60_000 } } }, { id: 'napping' })],
  });
  engines.push(engine);
  await engine.flows.flush();

  const { execution } = await engine.create('napping');
  expect(execution.createdAt).toBe(database.now());
  const { waitMetadata } = await engine.run(execution.id);
  expect(waitMetadata?.wakeAt).toBe(database.now() + 60_000);
});

it('is not disturbed by an execution of the same id in another database of this process', async () => {
  const gate = createGate();
  const [ours, theirs] = await Promise.all(
    ['ours', 'theirs'].map(async (name) => {
      const hold = defineHandler({
        type: 'hold',
        async execute({ signal }) {
          if (name === 'ours') await gate.pass();
          return Result.success({ aborted: signal.aborted });
        },
      });
      const url = `sqlite:${join(await scratchFolder(), `${name}.db`)}`;
      const engine = await openEngine({
        url,
        env: {},
        logger: silentLogger,
        handlers: [hold],
        flows: [buildFlow({ hold: { outputKey: 'hold' } }, { id: 'holding' })],
      });
      engines.push(engine);
      await engine.create('holding', {}, { executionId: 'order-1' });
      return engine;
    }),
  );
  const running = ours?.run('order-1');
  await gate.reached;
  await theirs?.cancel('order-1');
  gate.open();
  expect(await running).toMatchObject({ status: 'completed', output: { hold: { aborted: false } } });
});

it('is closed with its World where the database does not take back what it holds', async () => {
  const store = createSqliteStore({ path: join(await scratchFolder(), 'pawl.db'), clock: systemClock });
  await store.open();
  const away: Store['commit'] = (act, heard) =>
    act.kind === 'leave' ? Promise.reject(unavailable('The database is away.')) : store.commit(act, heard);
  const world = createWorld({ env: {}, logger: silentLogger, apart: true, openStore: async () => ({ ...store, commit: away }) });
  const work = defineHandler({ type: 'work', execute: () => Result.success() });
  const engine = new WorldEngine(world, { handlers: [work], flows: [buildFlow({ work: {} }, { id: 'working' })] });
  await engine.flows.flush();
  const { execution } = await engine.create('working');
  await engine.run(execution.id);

  await engine.close();
  await expect(store.getRun(execution.id)).rejects.toThrow('is closed');
});

it('keeps an execution that it drives itself while a handler blocks the event loop for longer than the lease', async () => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock });
  await store.open();
  const live = async () => (await store.listWorkers()).filter((worker) => worker.live).length;
  const seen: number[] = [];
  const compute = defineHandler({
    type: 'compute',
    async execute() {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
      seen.push(await live());
      return Result.success();
    },
  });
  const env = { WORKFLOW_PAWL_LEASE_MS: '1000', WORKFLOW_PAWL_URL: `sqlite:${path}` };
  const world = createWorld({ env, logger: silentLogger, apart: true });
  const engine = new WorldEngine(world, { handlers: [compute], flows: [buildFlow({ compute: {} }, { id: 'computing' })] });
  engines.push(engine);
  await engine.flows.flush();
  const { execution } = await engine.create('computing');
  await engine.run(execution.id);
  await store.close();

  expect(seen).toEqual([1]);
});

it('gives an execution to others that it claimed and could not read, also while it goes on with others', async () => {
  const url = join(await scratchFolder(), 'pawl.db');
  const open = async (change: (flows: FlowStore) => FlowStore = (flows) => flows) => {
    const store = createSqliteStore({ path: url, clock: systemClock });
    await store.open();
    const env = { WORKFLOW_PAWL_LEASE_MS: '300' };
    const world = createWorld({
      env,
      logger: silentLogger,
      apart: true,
      openStore: async () => ({ ...store, flows: change(store.flows) }),
    });
    const work = defineHandler({ type: 'work', execute: () => Result.success() });
    const engine = new WorldEngine(world, { handlers: [work], flows: [buildFlow({ work: {} }, { id: 'working' })] });
    engines.push(engine);
    await engine.flows.flush();
    return engine;
  };
  const unlucky = await open((flows) => ({
    ...flows,
    getExecutionMark: (id) => (id === 'order-1' ? Promise.reject(unavailable('The database is away.')) : flows.getExecutionMark(id)),
  }));
  await unlucky.create('working', {}, { executionId: 'order-1' });
  await expect(unlucky.store.index.claim('order-1', { owner: 'unlucky' })).rejects.toThrow('The database is away.');
  const goesOn = setInterval(() => void unlucky.store.index.claim('no such execution', { owner: 'unlucky' }).catch(() => undefined), 50);
  try {
    const other = await open();
    await other.start();
    expect(await other.waitFor('order-1')).toMatchObject({ status: 'completed' });
  } finally {
    clearInterval(goesOn);
  }
});
