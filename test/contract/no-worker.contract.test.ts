import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Logger } from '../../src/base/logger.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import type { Flow } from '../../src/flow/types.ts';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import { createFakeClock, recordDeliveries } from '../../src/testing/index.ts';
import { pendingRun, runningRun } from '../../src/testing/arrange.ts';
import { deferred } from '../../src/testing/deferred.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newHookId, newRunId } from '../../src/testing/ids.ts';
import { nextTurn } from '../../src/testing/next-turn.ts';
import { wakeRun } from '../../src/testing/queueing.ts';
import { registerWorker } from '../../src/testing/register-worker.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import type { Store } from '../../src/world/port.ts';
import { scratchFolder } from '../support/scratch.ts';

const afterAWhileMs = 5_000;

it('says once, after a while, that messages wait and nobody works', async () => {
  const { queueTwice, clock, warnings } = openProducer(await scratchFolder());
  await queueTwice();
  expect(warnings).toEqual([]);

  clock.advance(afterAWhileMs);
  await vi.waitUntil(() => warnings.length > 0);
  await queueTwice();
  clock.advance(afterAWhileMs);
  await queueTwice();
  expect(warnings).toEqual([expect.stringContaining('no worker is running: call world.start()')]);
});

it.each([
  ['a run that is started', startRun],
  [
    'a run that is started without the data of the run in the message',
    async (world: PawlWorld) => {
      const runId = await pendingRun(world);
      await wakeRun(world, runId);
    },
  ],
  [
    'a hook that is resumed',
    async (world: PawlWorld) => {
      const [runId, hookId] = [await runningRun(world), newHookId()];
      await world.events.create(runId, build.hookCreated(hookId));
      await world.events.create(runId, build.hookReceived(hookId));
      await wakeRun(world, runId);
    },
  ],
])('says so too for %s', async (_, act) => {
  const { world, clock, warnings } = openProducer(await scratchFolder());
  await act(world);
  clock.advance(afterAWhileMs);
  await vi.waitUntil(() => warnings.length > 0);
});

it('says so for an execution of a flow, unless its engine has carried it on without a worker', async () => {
  const { world, clock, warnings, hasLooked } = openProducer(await scratchFolder());
  const engine = new WorldEngine(world, { flows: [nothing] });
  onTestFinished(() => engine.close());
  const { execution } = await engine.create('nothing', {});
  await engine.run(execution.id);
  await hasLooked();
  expect(warnings).toEqual([]);

  await engine.create('nothing', {});
  clock.advance(afterAWhileMs);
  await vi.waitUntil(() => warnings.length > 0);
  expect(warnings).toEqual([expect.stringContaining('engine.start()')]);
});

it('says nothing while a worker of another process lives', async () => {
  const folder = await scratchFolder();
  const worker = createWorld({ env: environment(folder), apart: true });
  onTestFinished(() => worker.close());
  const { arrival } = recordDeliveries(worker, '__wkf_workflow_');
  await worker.start();

  const { queueTwice, clock, warnings } = openProducer(folder);
  const [runId] = await queueTwice();
  clock.advance(afterAWhileMs);
  await arrival(({ message }) => message['runId'] === runId);
  await queueTwice();
  expect(warnings).toEqual([]);
});

it('says so when the worker that was there has gone, and again when the next one has', async () => {
  const folder = await scratchFolder();
  const { queueTwice, hasLooked, warnings } = openProducer(folder);
  const begin = async () => {
    const worker = createWorld({ env: environment(folder), apart: true });
    onTestFinished(() => worker.close());
    await worker.start();
    return worker;
  };
  const told: number[] = [];
  for (let time = 0; time < 2; time += 1) {
    const worker = await begin();
    await queueTwice();
    await hasLooked();
    told.push(warnings.length);
    await worker.close();
    for (let look = 0; look < 3; look += 1) {
      await queueTwice();
      await hasLooked();
      told.push(warnings.length);
    }
  }
  expect(told).toEqual([0, 1, 1, 1, 1, 2, 2, 2]);
});

it('says so of a message that was left when the worker had died, as soon as its lease is over', async () => {
  const { queueTwice, hasLooked, store, warnings } = openProducer(await scratchFolder());
  const [leaseMs, told]: [number, number[]] = [10_000, []];
  await registerWorker(await store(), 'wkr_killed', leaseMs);
  await queueTwice();
  for (let passed = 0; passed < leaseMs; passed += afterAWhileMs) {
    await hasLooked();
    told.push(warnings.length);
  }
  expect(told).toEqual([0, 1]);
});

it('asks who works once in a while, however many messages there are', async () => {
  const { queueTwice, hasLooked, looks, clock } = openProducer(await scratchFolder());
  for (let look = 1; look <= 3; look += 1) {
    for (let time = 0; time < 5; time += 1) await queueTwice();
    await hasLooked();
    expect(looks()).toBe(look);
  }
  clock.advance(100 * afterAWhileMs);
  await queueTwice();
  expect(looks()).toBe(3);
});

it('makes no worker of a process that only queues', async () => {
  const { world, queueTwice, deliveries } = openProducer(await scratchFolder());
  await queueTwice();
  await world.runs.list();
  expect(deliveries).toEqual([]);
});

const nothing: Flow = {
  id: 'nothing',
  version: '1.0.0',
  initialStepId: 'only',
  steps: {
    only: { id: 'only', type: 'transform', config: { expression: '1' }, input: { type: 'full' }, transitions: { onSuccess: null } },
  },
};

/** As `start()` of the SDK does: both halves at once. */
async function startRun(world: PawlWorld): Promise<void> {
  const runId = newRunId();
  const { eventData, ...created } = build.runCreated();
  const runInput = { ...eventData, specVersion: created.specVersion };
  await Promise.all([
    world.events.create(runId, build.runCreated(eventData)),
    world.queue(`__wkf_workflow_${eventData.workflowName}`, { runId, runInput } as never),
  ]);
}

function openProducer(folder: string) {
  const clock = createFakeClock(Date.now());
  const warnings: string[] = [];
  const silent = () => {};
  const logger: Logger = { debug: silent, info: silent, warn: (message) => void warnings.push(message), error: silent };
  let looks = 0;
  const opened = deferred<Store>();
  const openStore = async (): Promise<Store> => {
    const store = createSqliteStore({ path: databaseIn(folder), clock });
    await store.open();
    opened.resolve(store);
    const listWorkers = async () => {
      const workers = await store.listWorkers();
      looks += 1;
      return workers;
    };
    return { ...store, listWorkers };
  };
  const world = createWorld({ env: environment(folder), clock, logger, openStore });
  onTestFinished(() => world.close());
  const { deliveries } = recordDeliveries(world, '__wkf_workflow_');
  const queueTwice = async () => {
    const runIds = [newRunId(), newRunId()];
    for (const runId of runIds) await wakeRun(world, runId);
    return runIds;
  };
  const hasLooked = async () => {
    const before = looks;
    clock.advance(afterAWhileMs);
    await vi.waitUntil(() => looks > before, { timeout: 10_000 });
    await nextTurn();
  };
  const store = async () => {
    await world.runs.list();
    return await opened.promise;
  };
  return { world, clock, warnings, deliveries, queueTwice, hasLooked, looks: () => looks, store };
}

function databaseIn(folder: string): string {
  return join(folder, 'pawl.db');
}

function environment(folder: string): Record<string, string> {
  return { WORKFLOW_PAWL_URL: `sqlite:${databaseIn(folder)}` };
}
