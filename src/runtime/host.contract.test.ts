import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createWorld } from '../connect/create-world.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { runningRun } from '../testing/arrange.ts';
import { deferred } from '../testing/deferred.ts';
import { forRun, recordDeliveries } from '../testing/delivery-recorder.ts';
import { newRunId } from '../testing/ids.ts';
import { wakeRun } from '../testing/queueing.ts';
import { unavailable } from '../world/errors.ts';
import type { Act, Store } from '../world/port.ts';
import { sign } from './signature.ts';
import { encodeLease, headers } from './wire.ts';

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

it('closes the store though the World that made the worker went before the last one, and deliveries were sent since', async () => {
  const env = {
    WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`,
    WORKFLOW_PAWL_DELIVERY: 'http',
    // Nobody listens there; what is sent is signed before.
    WORKFLOW_PAWL_BASE_URL: 'http://127.0.0.1:9',
  };
  const close = vi.fn();
  const { openStore } = await openSqlite(env.WORKFLOW_PAWL_URL, close);
  const sent = deferred();
  const logger = { ...silentLogger, warn: (message: string) => (message.includes('could not be reached') ? sent.resolve() : undefined) };
  const [first, second] = [createWorld({ env, openStore, logger }), createWorld({ env })];
  await first.start();
  await second.start();
  await first.close();
  await runningRun(second);
  await sent.promise;
  expect(close).not.toHaveBeenCalled();
  await second.close();
  expect(close).toHaveBeenCalledOnce();
});

it('keeps the worker of a process that only gets deliveries over HTTP when another World of it is closed', async () => {
  const secret = 'a secret that both sides know';
  const url = `sqlite:${join(await scratchFolder(), 'pawl.db')}`;
  const env = { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SECRET: secret, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const { store, openStore } = await openSqlite(url);
  const [receiving, other] = [createWorld({ env, openStore }), createWorld({ env })];
  onTestFinished(() => receiving.close());
  const { respond } = recordDeliveries(receiving, '__wkf_workflow_');
  expect((await respond(delivery(secret))).status).toBe(409);
  const workers = await store.listWorkers();
  expect(workers).toHaveLength(1);

  await other.runs.list();
  await other.close();
  expect((await store.listWorkers()).map(({ workerId }) => workerId)).toEqual(workers.map(({ workerId }) => workerId));
});

async function openSqlite(url: string, onClose = () => {}) {
  const store = createSqliteStore({ path: url.slice('sqlite:'.length), clock: systemClock });
  await store.open();
  const close = async () => {
    onClose();
    await store.close();
  };
  return { store, openStore: async (): Promise<Store> => ({ ...store, close }) };
}

/** A delivery over HTTP whose lease another worker has by now. */
function delivery(secret: string): Request {
  const runId = newRunId();
  const signed = {
    queueName: '__wkf_workflow_w',
    messageId: 'msg_1',
    attempt: '1',
    lease: encodeLease({ of: 'run', shard: 0, runId, id: runId, lease: { owner: 'wkr_gone', epoch: 7 }, inbox: [] }),
    timestamp: String(Date.now()),
    body: JSON.stringify({ runId }),
  };
  return new Request('http://localhost/', {
    method: 'POST',
    body: signed.body,
    headers: {
      [headers.queueName]: signed.queueName,
      [headers.messageId]: signed.messageId,
      [headers.attempt]: signed.attempt,
      [headers.lease]: signed.lease,
      [headers.timestamp]: signed.timestamp,
      [headers.signature]: sign(secret, signed),
    },
  });
}
