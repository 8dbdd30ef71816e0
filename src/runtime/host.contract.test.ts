import { expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createWorld } from '../connect/create-world.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { deferred } from '../testing/deferred.ts';
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
