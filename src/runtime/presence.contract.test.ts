import { expect, onTestFinished, test } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { Presence } from './presence.ts';

const leaseMs = 1_000;

test('a worker that stood still for longer than its lease keeps what it holds, if nobody else took it', async () => {
  const clock = createFakeClock();
  // Its timers stand still with it; only the sweep is run by hand.
  const stalled = { ...clock, after: () => () => {} };
  const store = createSqliteStore({ path: ':memory:', clock });
  await store.open();
  onTestFinished(() => store.close());
  const presence = new Presence({ store, clock: stalled, logger: silentLogger, leaseMs, deploymentId: 'd', onReaped: () => {} });
  await presence.start();
  const { workerId } = presence;

  clock.advance(10 * leaseMs);
  await presence.sweep();
  expect(presence.workerId).toBe(workerId);
  expect((await store.listWorkers()).map((worker) => [worker.workerId, worker.live])).toEqual([[workerId, true]]);
});

test('a worker buries the others whose heartbeat ran out', async () => {
  const clock = createFakeClock();
  const stalled = { ...clock, after: () => () => {} };
  const store = createSqliteStore({ path: ':memory:', clock });
  await store.open();
  onTestFinished(() => store.close());
  const open = () => new Presence({ store, clock: stalled, logger: silentLogger, leaseMs, deploymentId: 'd', onReaped: () => {} });
  await open().start();
  clock.advance(2 * leaseMs);
  const survivor = open();
  await survivor.start();
  expect((await store.listWorkers()).map((worker) => worker.workerId)).toEqual([survivor.workerId]);
});
