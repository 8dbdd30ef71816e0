import { expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../base/clock.ts';
import { createWorld } from '../connect/create-world.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { runningRun } from '../testing/arrange.ts';
import { forRun, recordDeliveries } from '../testing/delivery-recorder.ts';
import { wakeRun } from '../testing/queueing.ts';
import type { Act, Store } from '../world/port.ts';

it('ends a delivery however the database refused that at first: its worker lives, so nobody else would', async () => {
  const pauses: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(ms, wake, options) {
      if (ms === 10_000) pauses.push(ms);
      return systemClock.after(ms === 10_000 ? 0 : ms, wake, options);
    },
  };
  const real = createSqliteStore({ path: ':memory:', clock });
  let refusals = 2;
  const store: Store = {
    ...real,
    async commit(act: Act) {
      if (act.kind === 'settle' && (refusals -= 1) >= 0) throw new Error('duplicate key value violates unique constraint');
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
  expect(refusals).toBeLessThan(0);
  expect(pauses).toHaveLength(2);
});
