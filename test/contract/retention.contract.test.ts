import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createFakeClock, type FakeClock } from '../../src/base/fake-clock.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { createWorld, defineFlow, type PawlWorld } from '../../src/index.ts';
import { createPostgresStore } from '../../src/postgres/store.ts';
import { Connection } from '../../src/sqlite/connection.ts';
import { loadDriver } from '../../src/sqlite/driver.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import { endings, finishedRun, pendingRun, pendingStep, runningRun } from '../../src/testing/arrange.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newHookId, newStreamName, newWaitId } from '../../src/testing/ids.ts';
import { readLog } from '../../src/testing/read-log.ts';
import type { EndedBefore, Store } from '../../src/world/port.ts';
import { citusEnv, onCitus } from '../support/citus.ts';
import { asAdmin, dropSchema, newSchemaName } from '../support/postgres-schema.ts';
import { scratchFolder } from '../support/scratch.ts';

interface OpenStore {
  readonly store: Store;
  readonly env: Readonly<Record<string, string>>;
  /** The number of rows with this run's id, in whatever table there is. */
  rowsOf(runId: string): Promise<number>;
  /** Makes an idempotency key of this run. */
  holdKey(runId: string, expiresAt: number): Promise<void>;
}

let openDatabase: Awaited<ReturnType<typeof loadDriver>>;
beforeAll(async () => {
  openDatabase = await loadDriver();
});

const stores: Readonly<Record<string, (clock: FakeClock) => Promise<OpenStore>>> = { sqlite: openSqlite, postgres: openPostgres };

const child = defineFlow({
  id: 'child',
  version: '1.0.0',
  initialStepId: 'note',
  steps: { note: { type: 'log', config: { message: 'here' }, input: { type: 'static', value: null }, transitions: { onSuccess: null } } },
});
const family = defineFlow({
  id: 'family',
  version: '1.0.0',
  initialStepId: 'have',
  steps: {
    have: {
      type: 'subflow',
      config: { flowId: 'child' },
      input: { type: 'static', value: {} },
      outputKey: 'had',
      transitions: { onSuccess: null },
    },
  },
});
const never: EndedBefore = { completed: null, failed: null, cancelled: null };

for (const [name, open] of Object.entries(stores)) {
  describe(`a prune on ${name}`, () => {
    it('leaves nothing that has the id of the run', async () => {
      const { store, world, rowsOf, clock } = await scene(open);
      const runId = await busyRun(world);
      await world.events.create(runId, build.runCompleted());
      await pruneAll(store, clock.now() + 1);
      expect(await rowsOf(runId)).toBe(0);
    });

    it('takes only runs that ended before the instant, the oldest first', async () => {
      const { store, world, clock } = await scene(open);
      const older = await endedRun({ world, clock });
      const newer = await endedRun({ world, clock });
      const newest = await endedRun({ world, clock });
      await prune(store, clock.now() - 1, 4);
      expect(await statusesOf(world, [older, newer, newest])).toEqual([undefined, 'completed', 'completed']);
      await pruneAll(store, clock.now() - 1);
      expect(await statusesOf(world, [older, newer, newest])).toEqual([undefined, undefined, 'completed']);
    });

    it('takes each way to end by its own instant, and never what is not over', async () => {
      const { store, world, clock } = await scene(open);
      const runs = [await pendingRun(world), await runningRun(world)];
      for (const ending of endings) runs.push(await finishedRun(world, ending));
      const before = { ...never, failed: clock.now() + 1 };
      expect(await store.countPrunable({ now: clock.now(), before })).toEqual({ completed: 0, failed: 1, cancelled: 0 });
      const { runs: gone, more } = await store.commit({ kind: 'prune', now: clock.now(), before, maxRows: 1_000 });
      expect({ gone, more }).toEqual({ gone: { completed: 0, failed: 1, cancelled: 0 }, more: false });
      expect(await statusesOf(world, runs)).toEqual(['pending', 'running', 'completed', undefined, 'cancelled']);
    });

    it('stops at its limit, and what is half gone says that it has expired', async () => {
      const { store, world, clock, rowsOf } = await scene(open);
      const runId = await busyRun(world);
      await world.events.create(runId, build.runCompleted());
      const before = await rowsOf(runId);
      const first = await prune(store, clock.now() + 1, 5);
      expect(first).toMatchObject({ runs: { completed: 0 }, rows: 5, more: true });
      expect(await rowsOf(runId)).toBeLessThan(before);
      expect(await world.runs.get(runId)).toMatchObject({ status: 'completed', expiredAt: new Date(clock.now()) });
      await pruneAll(store, clock.now() + 1);
      expect(await rowsOf(runId)).toBe(0);
    });

    it('is done by several at once without any of them failing', async () => {
      const { store, world, clock } = await scene(open);
      const runs = await Promise.all(Array.from({ length: 40 }, () => finishedRun(world, 'completed')));
      const other = (await open(clock)).store;
      await Promise.all([pruneAll(store, clock.now() + 1), pruneAll(other, clock.now() + 1)]);
      await pruneAll(store, clock.now() + 1);
      expect(await statusesOf(world, runs)).toEqual(runs.map(() => undefined));
    });

    it('leaves nothing that a late event could add to', async () => {
      const { store, world, clock } = await scene(open);
      const runId = await finishedRun(world, 'completed');
      await pruneAll(store, clock.now() + 1);
      await expect(world.events.create(runId, build.stepCreated('late'))).rejects.toThrow(runId);
      expect(await readLog(world, runId)).toEqual([]);
    });

    it('waits for the idempotency key of a run to expire', async () => {
      const { store, world, clock, holdKey } = await scene(open);
      const [held, free] = [await finishedRun(world, 'completed'), await finishedRun(world, 'completed')];
      await holdKey(held, clock.now() + 1_000);
      await pruneAll(store, clock.now() + 1);
      expect(await statusesOf(world, [held, free])).toEqual(['completed', undefined]);
      clock.advance(1_000);
      await pruneAll(store, clock.now());
      expect(await statusesOf(world, [held])).toEqual([undefined]);
    });
  });
}

describe('a prune of executions', () => {
  it.each(Object.entries(stores))('on %s leaves nothing of a flow, but only after its idempotency key has expired', async (_, open) => {
    const { store, world, clock, rowsOf } = await scene(open);
    const engine = new WorldEngine(world, { flows: [child, family] });
    onTestFinished(() => engine.close());
    await engine.flows.flush();
    const { execution } = await engine.create('family', {}, { idempotencyKey: 'order-7' });
    await engine.start();
    const { id, idempotencyExpiresAt } = await engine.waitFor(execution.id);
    const expiresAt = Number(idempotencyExpiresAt);
    expect(expiresAt).toBeGreaterThan(clock.now());
    await pruneAll(store, expiresAt);
    expect(await statusesOf(world, [id])).toEqual(['completed']);
    clock.advance(expiresAt - clock.now());
    await pruneAll(store, clock.now());
    expect(await rowsOf(id)).toBe(0);
    expect((await world.runs.list({})).data).toEqual([]);
  });
});

describe('runs that are not over', () => {
  it.each(Object.entries(stores))('are counted by deployment on %s', async (_, open) => {
    const { store, world, clock } = await scene(open);
    const createdAt = clock.now();
    await pendingRun(world, { deploymentId: 'dpl_old' });
    clock.advance(10);
    await pendingRun(world, { deploymentId: 'dpl_old' });
    await runningRun(world, { deploymentId: 'dpl_new' });
    await finishedRun(world, 'completed');
    expect(await store.countOpenRuns()).toEqual([
      { deploymentId: 'dpl_new', status: 'running', runs: 1, oldestCreatedAt: createdAt + 10 },
      { deploymentId: 'dpl_old', status: 'pending', runs: 2, oldestCreatedAt: createdAt },
    ]);
  });
});

async function scene(open: (clock: FakeClock) => Promise<OpenStore>): Promise<OpenStore & { world: PawlWorld; clock: FakeClock }> {
  const clock = createFakeClock(Date.now());
  const opened = await open(clock);
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...opened.env }, clock, apart: true });
  onTestFinished(() => world.close());
  return { ...opened, world, clock };
}

let folder: string | undefined;
let schema: string | undefined;

async function openSqlite(clock: FakeClock): Promise<OpenStore> {
  if (folder === undefined) {
    folder = await scratchFolder();
    onTestFinished(() => void (folder = undefined));
  }
  const path = join(folder, 'pawl.db');
  const store = createSqliteStore({ path, clock });
  await store.open();
  onTestFinished(() => store.close());
  return {
    store,
    env: { WORKFLOW_PAWL_URL: `sqlite:${path}` },
    async rowsOf(runId) {
      const db = new Connection(openDatabase(path, { readOnly: true }));
      const tables = db.all<{ name: string }>(
        `select m.name from sqlite_schema m join pragma_table_info(m.name) c on c.name = 'run_id' where m.type = 'table'`,
      );
      const counts = tables.map(
        ({ name }) => db.get<{ n: number }>(`select count(*) as n from ${name} where run_id = :runId`, { runId })?.n,
      );
      const children = db.get<{ n: number }>('select count(*) as n from children where parent_id = :runId', { runId })?.n ?? 0;
      const groups = db.get<{ n: number }>('select count(*) as n from child_groups where parent_id = :runId', { runId })?.n ?? 0;
      const chunks = db.get<{ n: number }>('select count(*) as n from stream_chunks')?.n ?? 0;
      db.close();
      return counts.reduce<number>((sum, n) => sum + (n ?? 0), children + groups + chunks);
    },
    async holdKey(runId, expiresAt) {
      const db = new Connection(openDatabase(path));
      db.run("insert into idempotency_keys values ('', 'orders', 'order-7', :runId, :expiresAt, 0)", { runId, expiresAt });
      db.close();
    },
  };
}

async function openPostgres(clock: FakeClock): Promise<OpenStore> {
  const url = inject('postgresUrl');
  if (schema === undefined) {
    const name = (schema = newSchemaName());
    onTestFinished(async () => {
      schema = undefined;
      await dropSchema(url, name);
    });
  }
  const name = schema;
  const store = createPostgresStore({ url, schema: name, clock, citus: onCitus });
  await store.open();
  onTestFinished(() => store.close());
  return {
    store,
    env: { ...citusEnv, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: name },
    async rowsOf(runId) {
      const tables = await asAdmin<{ name: string; key: string }>(
        url,
        `select table_name as name, column_name as key from information_schema.columns
         where table_schema = '${name}' and column_name in ('run_id', 'parent_id')`,
      );
      const counts = tables.map((table) => `(select count(*) from "${name}"."${table.name}" where ${table.key} = '${runId}')`);
      const [sum] = await asAdmin<{ n: string }>(url, `select ${counts.join(' + ')} + (select count(*) from "${name}".stream_chunks) as n`);
      return Number(sum?.n);
    },
    async holdKey(runId, expiresAt) {
      await asAdmin(url, `insert into "${name}".idempotency_keys values (0, '', 'orders', 'order-7', '${runId}', ${expiresAt}, 0)`);
    },
  };
}

/** A run with something of everything that a run can have. */
async function busyRun(world: PawlWorld): Promise<string> {
  const runId = await runningRun(world);
  await pendingStep(world, runId);
  await world.events.create(runId, build.hookCreated(newHookId()));
  await world.events.create(runId, build.waitCreated(newWaitId(), new Date(Date.now() + 1_000)));
  for (const stream of [newStreamName(), 'a name of its own']) await world.writeToStreamMulti(stream, runId, ['one', 'two', 'three']);
  await world.queue('__wkf_workflow_w', { runId, serverErrorRetryCount: 1 });
  return runId;
}

async function endedRun({ world, clock }: { world: PawlWorld; clock: FakeClock }): Promise<string> {
  const runId = await finishedRun(world, 'completed');
  clock.advance(1);
  return runId;
}

function prune(store: Store, completed: number, maxRows: number) {
  return store.commit({ kind: 'prune', now: store.now(), before: { ...never, completed }, maxRows });
}

async function pruneAll(store: Store, completed: number): Promise<void> {
  while ((await prune(store, completed, 7)).more);
}

async function statusesOf(world: PawlWorld, runs: readonly string[]): Promise<(string | undefined)[]> {
  return await Promise.all(
    runs.map((runId) =>
      world.runs.get(runId).then(
        ({ status }) => status,
        () => undefined,
      ),
    ),
  );
}
