import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Logger } from '../../src/base/logger.ts';
import { createWorld } from '../../src/index.ts';
import { createFakeClock, recordDeliveries } from '../../src/testing/index.ts';
import { newRunId } from '../../src/testing/ids.ts';
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
