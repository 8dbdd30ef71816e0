import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { World } from '@workflow/world';
import { asAdmin, newSchemaName } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { newRunId, newStreamName } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { readLog } from '../testing/read-log.ts';
import { type ScratchPostgres, startScratchPostgres } from '../testing/scratch-postgres.ts';
import { readChunks } from '../testing/stream-reading.ts';

const long = process.env['PAWL_LONG'] === '1';
const crashes = long ? 20 : 3;
// Longer than anybody is kept waiting for a connection.
const stallMs = long ? 30_000 : 6_000;

let server: ScratchPostgres;
const worlds: PawlWorld[] = [];

beforeAll(async () => {
  server = await startScratchPostgres();
});
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});
afterAll(() => server.stop());

/** Each with a name of its own in the URL: Worlds of one URL would share their connections. */
function openWorld(schema: string, name: string): PawlWorld {
  const env = {
    WORKFLOW_PAWL_URL: `${server.url}?application_name=${name}`,
    WORKFLOW_PAWL_SCHEMA: schema,
    WORKFLOW_PAWL_LEASE_MS: '1000',
    WORKFLOW_PAWL_LOG_LEVEL: 'silent',
  };
  const world = createWorld({ env });
  worlds.push(world);
  return world;
}

async function load(count: number): Promise<{ readonly runs: SequentialRuns; readonly world: World; readonly runIds: readonly string[] }> {
  const [schema, runs] = [newSchemaName(), new SequentialRuns({ steps: 5 })];
  const world = openWorld(schema, 'worker');
  runs.workOn(world);
  await world.start();
  const runIds = await Promise.all(Array.from({ length: count }, () => runs.start(world)));
  return { runs, world, runIds };
}

async function expectIntact(world: World, runs: SequentialRuns, runIds: readonly string[]): Promise<void> {
  expect(new Set(await runs.finished(world, runIds, 100_000))).toEqual(new Set(['completed']));
  for (const runId of runIds) expect(brokenLogRules(await readLog(world, runId))).toEqual([]);
  expect(runs.ledger.repeatedAfterRecord).toEqual([]);
  expect(runs.ledger.bodies.size).toBe(runIds.length * 5);
}

describe('a server that goes away', () => {
  it(
    `and comes back ${crashes} times under load costs no run and repeats no recorded step`,
    { timeout: 120_000 + crashes * 5_000 },
    async () => {
      const { runs, world, runIds } = await load(60);
      const later: Promise<string>[] = [];
      for (let round = 0; round < crashes; round += 1) {
        // Again within a second of a recovery.
        await pause(150 + 100 * (round % 8));
        await server.crash();
        later.push(...Array.from({ length: 10 }, () => runs.start(world)));
        await pause((round % 4) * 300);
        await server.start();
      }
      await expectIntact(world, runs, [...runIds, ...(await Promise.all(later))]);
    },
  );

  it('and takes every connection with it, again and again, costs nothing either', { timeout: 120_000 }, async () => {
    const { runs, world, runIds } = await load(60);
    for (let round = 0; round < 10; round += 1) {
      await pause(60);
      await asAdmin(
        server.url,
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $$client backend$$',
      );
    }
    await expectIntact(world, runs, runIds);
  });

  it(
    `and stands still for ${stallMs / 1_000} s fails no run; who calls meanwhile is told a 503, or waits`,
    { timeout: 120_000 },
    async () => {
      const { runs, world, runIds } = await load(60);
      await pause(100);
      const resume = await freeze(server.url);
      const calledIds = Array.from({ length: 20 }, () => newRunId());
      const calls = calledIds.map((runId) => runs.create(world, runId).catch((error: unknown) => error));
      await pause(stallMs);
      resume();
      for (const answer of await Promise.all(calls)) {
        if (typeof answer !== 'string') expect(answer).toMatchObject({ name: 'WorkflowWorldError', status: 503 });
      }
      const again = calledIds.map((runId) => runs.start(world, runId));
      await expectIntact(world, runs, [...runIds, ...(await Promise.all(again))]);
    },
  );

  it('is said to be away by a 503 within seconds, and serves the next call when it is back', { timeout: 60_000 }, async () => {
    const world = openWorld(newSchemaName(), 'caller');
    await world.runs.list({});
    await server.crash();
    const refused = await Promise.all([
      world.runs.list({}).catch((error: unknown) => error),
      world.writeToStream(newStreamName(), newRunId(), 'x').catch((error: unknown) => error),
    ]);
    for (const error of refused) expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'TRANSPORT' });
    await server.start();
    expect((await world.runs.list({})).data).toEqual([]);
    await world.writeToStream(newStreamName(), newRunId(), 'x');
  });

  it('answers a World that was opened while it was away, once it is back', { timeout: 60_000 }, async () => {
    await server.crash();
    const world = openWorld(newSchemaName(), 'early');
    const refused: unknown = await world.runs.list({}).catch((error: unknown) => error);
    await server.start();
    expect(refused).toMatchObject({ name: 'WorkflowWorldError', status: 503 });
    expect(String(refused)).not.toContain(new URL(server.url).password);
    expect((await world.runs.list({})).data).toEqual([]);
  });
});

describe('a listening connection that is lost', () => {
  it('loses no chunk of a stream that another process writes, in order', { timeout: 60_000 }, async () => {
    const schema = newSchemaName();
    const [writer, reader] = [openWorld(schema, 'writer'), openWorld(schema, 'reader')];
    const [name, runId] = [newStreamName(), newRunId()];
    const chunks = readChunks(await reader.readFromStream(name));
    for (let index = 0; index < 200; index += 1) {
      await writer.writeToStream(name, runId, String(index));
      if (index % 40 === 20) await asAdmin(server.url, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
    }
    await writer.closeStream(name, runId);
    const decoder = new TextDecoder();
    expect((await chunks.rest()).map((chunk) => Number(decoder.decode(chunk)))).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  it('is made again', { timeout: 60_000 }, async () => {
    const world = openWorld(newSchemaName(), 'listener');
    await world.runs.list({});
    const listeners = () =>
      asAdmin<{ pid: number }>(server.url, "select pid from pg_stat_activity where query like 'listen%' and application_name = 'listener'");
    const [first] = await until(listeners, (rows) => rows.length === 1);
    await asAdmin(server.url, `select pg_terminate_backend(${first?.pid})`);
    const [second] = await until(listeners, (rows) => rows.length === 1 && rows[0]?.pid !== first?.pid);
    expect(second?.pid).toBeGreaterThan(0);
  });
});

/** The whole server stands still, as a machine does that is out of breath: nothing answers, and no connection ends. */
async function freeze(url: string): Promise<() => void> {
  const rows = await asAdmin<{ pid: number }>(
    url,
    "select pid from pg_stat_activity where pid <> pg_backend_pid() union all select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int",
  );
  const pids = rows.map(({ pid }) => pid);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  };
}

async function until<T>(look: () => Promise<T>, good: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (good(seen)) return seen;
    await pause(20);
  }
}
