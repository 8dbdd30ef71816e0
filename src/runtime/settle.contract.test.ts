import { join } from 'node:path';
import { WorkflowWorldError } from '@workflow/errors';
import { expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { createWorld } from '../connect/create-world.ts';
import { loadDriver } from '../sqlite/driver.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { pendingStep, runningRun } from '../testing/arrange.ts';
import { deferred } from '../testing/deferred.ts';
import { forRun, forStep, recordDeliveries } from '../testing/delivery-recorder.ts';
import { newStepName } from '../testing/ids.ts';
import { sendStep, wakeRun } from '../testing/queueing.ts';
import { registerStepName } from '../testing/registered-steps.ts';
import { unavailable } from '../world/errors.ts';
import type { Act, Heard, Store } from '../world/port.ts';

it('ends a delivery however the database refused that at first: its worker lives, so nobody else would', async () => {
  const refusals = [
    new Error('duplicate key value violates unique constraint'),
    new WorkflowWorldError('The user lacks rights.', { status: 500, code: 'DATABASE_RIGHTS' }),
    new WorkflowWorldError('A statement was cancelled.', { status: 503, code: 'DATABASE_TIMEOUT' }),
  ];
  const pauses: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(ms, wake, options) {
      if (ms === 10_000) pauses.push(ms);
      return systemClock.after(ms === 10_000 ? 0 : ms, wake, options);
    },
  };
  const real = createSqliteStore({ path: ':memory:', clock });
  const store: Store = {
    ...real,
    async commit(act: Act) {
      const refusal = act.kind === 'settle' ? refusals.shift() : undefined;
      if (refusal) throw refusal;
      return (await real.commit(act)) as never;
    },
  };
  await real.open();
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true, clock, openStore: async () => store });
  onTestFinished(() => world.close());
  const recorder = recordDeliveries(world, '__wkf_workflow_');
  const runId = await runningRun(world);
  await world.start();
  for (const nth of [1, 2]) {
    await wakeRun(world, runId);
    await recorder.answer(forRun(runId), nth);
  }
  expect(refusals).toEqual([]);
  expect(pauses).toHaveLength(3);
});

it('does not wait, when it leaves, for the time after which it would have settled again', async () => {
  // Neither that time nor the one that a drain may take is ever over.
  const never = () => () => {};
  const clock: Clock = { ...systemClock, after: (ms, ...rest) => (ms === 10_000 ? never() : systemClock.after(ms, ...rest)) };
  const real = createSqliteStore({ path: ':memory:', clock });
  const refused = deferred();
  let refusals = 0;
  const store: Store = {
    ...real,
    async commit(act: Act) {
      if (act.kind !== 'settle') return (await real.commit(act)) as never;
      refusals += 1;
      refused.resolve();
      throw new Error('duplicate key value violates unique constraint');
    },
  };
  await real.open();
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true, clock, openStore: async () => store });
  recordDeliveries(world, '__wkf_workflow_');
  await world.start();
  await wakeRun(world, await runningRun(world));
  await refused.promise;
  await world.close();
  expect(refusals).toBeGreaterThan(1);
});

it('delivers what was claimed beside a message that cannot be read, and that one when it can', async () => {
  const file = join(await scratchFolder(), 'pawl.db');
  const env = { WORKFLOW_PAWL_URL: `sqlite:${file}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env });
  onTestFinished(() => world.close());
  const recorder = recordDeliveries(world, '__wkf_step_');
  const stepName = registerStepName(newStepName());
  const runId = await runningRun(world);
  const [damaged, whole] = [await pendingStep(world, runId, stepName), await pendingStep(world, runId, stepName)];
  for (const stepId of [damaged, whole]) await sendStep(world, { runId, stepId, stepName });
  const database = (await loadDriver())(file, { readOnly: false });
  onTestFinished(() => database.close());
  const write = (message: string | null) => database.prepare('update steps set message = ? where step_id = ?').run(message, damaged);
  write('{{damaged');

  await world.start();
  await recorder.answer(forStep(runId, whole));
  expect(recorder.deliveries.filter(forStep(runId, damaged))).toEqual([]);
  write(null);
  expect((await recorder.answer(forStep(runId, damaged))).attempt).toBeGreaterThan(1);
});

it('delivers what was leased although the disk then did not keep it', async () => {
  const real = createSqliteStore({ path: ':memory:', clock: systemClock });
  await real.open();
  const commits = { claim: 0, write: 0 };
  const store: Store = {
    ...real,
    async commit(act: Act, heard?: Heard<never>) {
      const outcome = (await real.commit(act)) as never;
      // As after an fsync that failed: done, visible to everybody, and told as a failure.
      if ((act.kind !== 'claim' && act.kind !== 'write') || (commits[act.kind] += 1) % 3 !== 1) return outcome;
      heard?.onWritten?.(outcome);
      throw unavailable('The disk did not keep what was written.');
    },
  };
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true, openStore: async () => store });
  onTestFinished(() => world.close());
  const runs = new SequentialRuns({ steps: 5 });
  runs.workOn(world);
  // What is there before somebody works has to be claimed.
  const early = await runs.start(world);
  await world.start();
  const runIds = [early, ...(await Promise.all(Array.from({ length: 4 }, () => runs.start(world))))];
  expect(await runs.finished(world, runIds, 25_000)).toEqual(runIds.map(() => 'completed'));
  expect(Math.min(commits.claim, commits.write)).toBeGreaterThan(0);
});
