import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Logger } from '../../src/base/logger.ts';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import { createFakeClock, recordDeliveries } from '../../src/testing/index.ts';
import { pendingRun, runningRun } from '../../src/testing/arrange.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newHookId, newRunId } from '../../src/testing/ids.ts';
import { wakeRun } from '../../src/testing/queueing.ts';
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

it('makes no worker of a process that only queues', async () => {
  const { world, queueTwice, deliveries } = openProducer(await scratchFolder());
  await queueTwice();
  await world.runs.list();
  expect(deliveries).toEqual([]);
});

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
  const world = createWorld({ env: environment(folder), clock, logger });
  onTestFinished(() => world.close());
  const { deliveries } = recordDeliveries(world, '__wkf_workflow_');
  const queueTwice = async () => {
    const runIds = [newRunId(), newRunId()];
    for (const runId of runIds) await wakeRun(world, runId);
    return runIds;
  };
  return { world, clock, warnings, deliveries, queueTwice };
}

function environment(folder: string): Record<string, string> {
  return { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` };
}
