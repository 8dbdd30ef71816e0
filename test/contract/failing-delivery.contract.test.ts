import { WorkflowWorldError } from '@workflow/errors';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createWorld } from '../../src/connect/create-world.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { readSettings } from '../../src/connect/settings.ts';
import type { FlowAct } from '../../src/world/flow-port.ts';
import type { Act, Heard, Store } from '../../src/world/port.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

const timedOut = new WorkflowWorldError('A row stayed locked.', { status: 503, code: 'DATABASE_TIMEOUT' });

it.each(storeNames)('an execution on %s whose step could not be ended comes again after a while, not at once', async (name) => {
  const env = await scratchDatabase(name);
  const real = await openStore(readSettings(env), systemClock, silentLogger);
  const [failures, asked, due]: [string[], number[], unknown[]] = [['first', 'second'], [], []];
  const store: Store = {
    ...real,
    async commit(act: Act, heard?: Heard<never>) {
      const outcome = await real.commit(act, heard);
      if (act.kind === 'settle' && act.result.kind === 'retry') {
        asked.push(act.result.dueAt);
        due.push((await real.getRun(act.id))?.dueAt);
      }
      return outcome as never;
    },
    flows: {
      ...real.flows,
      async commit(act: FlowAct) {
        const endsStep = act.kind === 'flowCommit' && act.writes.some(({ history }) => history.length > 0);
        if (endsStep && failures.shift() !== undefined) throw timedOut;
        return (await real.flows.commit(act)) as never;
      },
    },
  };
  const world = createWorld({ env, apart: true, logger: silentLogger, openStore: async () => store });
  let calls = 0;
  const engine = new WorldEngine(world, {
    handlers: [
      {
        type: 'count',
        execute: async () => {
          calls += 1;
          return { type: 'success', output: calls };
        },
      },
    ],
    flows: [
      {
        id: 'counting',
        version: '1.0.0',
        initialStepId: 'only',
        steps: { only: { id: 'only', type: 'count', input: { type: 'full' }, transitions: { onSuccess: null } } },
      },
    ],
  });
  onTestFinished(() => engine.close());
  await engine.start();
  const { execution } = await engine.create('counting');
  expect(await engine.waitFor(execution.id)).toMatchObject({ status: 'completed' });
  expect(calls).toBe(3);
  expect(asked).toHaveLength(2);
  expect(due).toEqual(asked.map(Math.ceil));
});
