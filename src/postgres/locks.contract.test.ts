import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { lockRun } from '../../test/support/lock-run.ts';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import type { Clock } from '../base/clock.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { standStillUntil } from '../testing/advance-until.ts';
import { runningRun } from '../testing/arrange.ts';
import { forRun, recordDeliveries } from '../testing/delivery-recorder.ts';
import * as build from '../testing/event-builders.ts';
import { newHookId, newStepId, newToken } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { wakeRun } from '../testing/queueing.ts';
import { readLog } from '../testing/read-log.ts';

const url = inject('postgresUrl');

it('a run that somebody has locked holds up no write but its own, and that only as long as it is locked', async () => {
  const { schema, open } = ownSchema();
  const world = open();
  const [locked, free] = [await runningRun(world), await runningRun(world)];
  const holder = await lockRun(url, schema, locked);

  const order: string[] = [];
  const write = (runId: string, name: string) => world.events.create(runId, build.stepCreated(newStepId())).then(() => order.push(name));
  const waiting = [write(locked, 'locked'), write(locked, 'locked')];
  await Promise.all([write(free, 'free'), write(free, 'free')]);
  await write(free, 'free');
  expect(order).toEqual(['free', 'free', 'free']);

  await holder.query('commit');
  await Promise.all(waiting);
  expect(brokenLogRules(await readLog(world, locked))).toEqual([]);
  expect(await readLog(world, locked)).toHaveLength(4);
});

it('a run that is locked while it is woken is delivered when it is free', async () => {
  const { schema, open } = ownSchema();
  const world = open();
  const delivered: string[] = [];
  world.createQueueHandler('__wkf_workflow_', async (message) => void delivered.push((message as { runId: string }).runId));
  await world.start();
  const runId = await runningRun(world);
  await vi.waitUntil(async () => delivered.length > 0 && !(await isLeased(schema, runId)));
  const before = delivered.length;

  const holder = await lockRun(url, schema, runId);
  let answered = false;
  const woken = wakeRun(world, runId).finally(() => (answered = true));
  await vi.waitUntil(async () => answered || (await waitingForLocks()) > 0, { timeout: 3_000 });
  await holder.query('commit');
  await woken;
  await vi.waitUntil(async () => delivered.length > before && !(await isLeased(schema, runId)), { timeout: 5_000 });
});

it('a run that somebody has locked when it is due is taken soon after it is free', async () => {
  const { schema, open } = ownSchema();
  const clock = createFakeClock(Date.now());
  const [producer, worker] = [open({ clock }), open({ clock })];
  const [locked, free] = [await runningRun(producer), await runningRun(producer)];
  const holder = await lockRun(url, schema, locked);
  const recorder = recordDeliveries(worker, '__wkf_workflow_');
  await worker.start();
  await recorder.answer(forRun(free));
  const rest = () => standStillUntil(clock, new Promise((resolve) => setTimeout(resolve, 50)));
  await rest();
  expect(recorder.deliveries.filter(forRun(locked))).toEqual([]);

  await holder.query('commit');
  clock.advance(200);
  await standStillUntil(clock, recorder.answer(forRun(locked)));
});

it('a run that stays locked gives its writers a 503 that says where to look, and nothing is written', { timeout: 20_000 }, async () => {
  const { schema, open } = ownSchema();
  const world = open();
  const runId = await runningRun(world);
  await lockRun(url, schema, runId);
  // Two, for those that wait for a run wait together.
  const writing = [newStepId(), newStepId()].map((id) => world.events.create(runId, build.stepCreated(id)));
  for (const error of await Promise.all(writing.map((written) => written.catch((thrown: unknown) => thrown)))) {
    expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'DATABASE_TIMEOUT' });
    expect(String(error)).toMatch(/stayed locked by another session.*pg_stat_activity/);
  }
  expect(await readLog(world, runId)).toHaveLength(2);
});

it(
  'processes that write to the same runs and ask for the same tokens in opposite order both get through',
  { timeout: 30_000 },
  async () => {
    const { open } = ownSchema();
    const worlds = [open(), open()] as const;
    const runIds = await Promise.all(Array.from({ length: 10 }, () => runningRun(worlds[0])));
    for (let round = 0; round < 5; round += 1) {
      const tokens = Array.from({ length: 10 }, newToken);
      await Promise.all(
        worlds.flatMap((world, index) => {
          const [ids, asked] = index === 0 ? [runIds, tokens] : [runIds.toReversed(), tokens.toReversed()];
          return ids.flatMap((runId, at) => [
            world.events.create(runId, build.stepCreated(newStepId())),
            world.events.create(runId, build.hookCreated(newHookId(), { token: String(asked[at]) })),
          ]);
        }),
      );
    }
    for (const runId of runIds) {
      const log = await readLog(worlds[1], runId);
      expect(brokenLogRules(log)).toEqual([]);
      expect(log).toHaveLength(2 + 5 * 4);
    }
  },
);

async function isLeased(schema: string, runId: string): Promise<boolean> {
  const [row] = await asAdmin<{ owner: string | null }>(url, `select lease_owner as owner from "${schema}".runs where run_id = '${runId}'`);
  return row?.owner !== null;
}

async function waitingForLocks(): Promise<number> {
  const waiting = `select 1 from pg_stat_activity where application_name = 'locks_${opened}' and wait_event_type = 'Lock'`;
  return (await asAdmin(url, waiting)).length;
}

let opened = 0;

function ownSchema(): { readonly schema: string; open(options?: { readonly clock?: Clock }): PawlWorld } {
  const schema = newSchemaName();
  const worlds: PawlWorld[] = [];
  onTestFinished(async () => {
    for (const world of worlds) await world.close();
    await dropSchema(url, schema);
  });
  return {
    schema,
    open(options = {}) {
      const own = `${url}?application_name=locks_${(opened += 1)}`;
      const env = { WORKFLOW_PAWL_URL: own, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
      const world = createWorld({ env, apart: true, ...options });
      worlds.push(world);
      return world;
    },
  };
}
