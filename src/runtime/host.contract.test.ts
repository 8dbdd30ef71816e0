import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { createWorld } from '../connect/create-world.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { runningRun } from '../testing/arrange.ts';
import { deferred } from '../testing/deferred.ts';
import { forRun, recordDeliveries } from '../testing/delivery-recorder.ts';
import { wakeRun } from '../testing/queueing.ts';
import { unavailable } from '../world/errors.ts';
import type { Act, Store } from '../world/port.ts';

// Found by the simulation of `npm run chaos` (R9): the hint made a second promise of the failed start, which nobody waited for.
it('tells of a start that failed only whoever asked for it, though another process commits meanwhile', async () => {
  const [asked, answer] = [deferred(), deferred()];
  let hint = () => {};
  const real = createSqliteStore({ path: ':memory:', clock: systemClock });
  const store: Store = {
    ...real,
    async commit(act: Act) {
      if (act.kind !== 'heartbeat') return (await real.commit(act)) as never;
      asked.resolve();
      await answer.promise;
      throw unavailable('The database is away.');
    },
    onForeignCommit(listener) {
      hint = listener;
      return () => {};
    },
  };
  await real.open();
  const env = { WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true, openStore: async () => store });
  const started = world.start().catch((error: unknown) => error);
  await asked.promise;
  hint();
  answer.resolve();
  // A rejection that nobody caught would fail this file.
  expect(await started).toMatchObject({ status: 503 });
  await world.close();
});

it.each([
  ['while the last one is being closed', 50],
  ['at the moment at which the last one is closed', undefined],
])('works for a World that is started %s', async (_, laterMs) => {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const [leaving, staying] = [createWorld({ env }), createWorld({ env })];
  onTestFinished(() => staying.close());
  const underway = deferred();
  const recorder = recordDeliveries(leaving, '__wkf_workflow_', ({ index }) => (index === 0 ? underway.promise : undefined));
  await leaving.start();
  const before = await runningRun(leaving);
  await wakeRun(leaving, before);
  await recorder.arrival(forRun(before));

  const early = laterMs === undefined ? staying.start() : undefined;
  const closing = leaving.close();
  // By then the worker takes nothing any more.
  if (laterMs !== undefined) await new Promise((resolve) => setTimeout(resolve, laterMs));
  const starting = early ?? staying.start();
  underway.resolve();
  await Promise.all([closing, starting]);
  const after = await runningRun(staying);
  await wakeRun(staying, after);
  await recorder.answer(forRun(after));
});

it('works again after a close that could not tell the others', async () => {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  let closed = 0;
  const openStore = async (): Promise<Store> => {
    const real = createSqliteStore({ path: env.WORKFLOW_PAWL_URL.slice('sqlite:'.length), clock: systemClock });
    await real.open();
    return {
      ...real,
      async commit(act: Act) {
        if (act.kind === 'leave' && closed === 0) throw unavailable('The database is away.');
        return (await real.commit(act)) as never;
      },
      async close() {
        closed += 1;
        await real.close();
      },
    };
  };
  const first = createWorld({ env, openStore });
  await first.start();
  await first.close();
  expect(closed).toBe(1);

  const second = createWorld({ env, openStore });
  onTestFinished(() => second.close());
  const recorder = recordDeliveries(second, '__wkf_workflow_');
  const runId = await runningRun(second);
  await second.start();
  await wakeRun(second, runId);
  await recorder.answer(forRun(runId));
});
