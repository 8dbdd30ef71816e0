import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { lockRun } from '../../test/support/lock-run.ts';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { runningRun } from '../testing/arrange.ts';
import * as build from '../testing/event-builders.ts';
import { newStepId } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { readLog } from '../testing/read-log.ts';

// What can be asked without the extension: which calls distribute the tables, and that every batch and claim is of one shard. That Citus takes
// the statements is asked of a cluster: WORKFLOW_PAWL_TEST_URL of a coordinator and WORKFLOW_PAWL_CITUS=on (docs/guides/citus.md).

const adminUrl = inject('postgresUrl');

it('a database without the extension is told of by name, and left as it was', async () => {
  const schema = newSchemaName();
  const error: unknown = await openWorld(adminUrl, schema)
    .runs.list({})
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 500, code: 'CITUS_MISSING' });
  expect(String(error)).toMatch(/WORKFLOW_PAWL_CITUS is on.*has no extension "citus".*create extension citus/);
  expect(await namesIn(schema)).toEqual(['pawl_meta']);
});

it('tables are distributed by the first column of their key, those of a run next to each other', async () => {
  const { url, schema, calls } = await pretendCitus();
  await openWorld(url, schema).runs.list({});
  const asked = await calls();
  const [runs, ...others] = asked.filter(({ call }) => call === 'create_distributed_table');
  expect(runs).toMatchObject({ what: expect.stringMatching(/\bruns"?$/), detail: 'shard none' });
  expect(others.map(({ what, detail }) => [nameOf(what), detail])).toEqual(
    expect.arrayContaining([
      ['events', `shard ${schema}.runs`],
      ['messages', `shard ${schema}.runs`],
      ['hook_tokens', 'token none'],
      ['workers', `worker_id ${schema}.hook_tokens`],
      ['token_expiries', `token ${schema}.hook_tokens`],
    ]),
  );
  expect(asked.filter(({ call }) => call === 'create_reference_table').map(({ what }) => nameOf(what))).toEqual(['pawl_meta']);
  const distributed = new Set(
    [...others, ...asked.filter(({ call }) => call === 'create_reference_table')].map(({ what }) => nameOf(what)),
  );
  expect((await namesIn(schema)).filter((name) => name !== 'runs' && !distributed.has(name))).toEqual([]);
  expect(asked.some(({ call, what }) => call === 'create_distributed_function' && what.includes('pawl_commit_v1'))).toBe(true);
});

it('every batch is of one shard, and a claim names its own', { timeout: 60_000 }, async () => {
  const { url, schema } = await pretendCitus();
  const [worker, producer] = [openWorld(url, schema), openWorld(url, schema)];
  const program = new SequentialRuns({ steps: 3 });
  await producer.runs.list({});
  await refuseWhatIsOfSeveralShards(schema);
  const runIds = await Promise.all(Array.from({ length: 30 }, () => program.start(producer)));
  // Somebody who is not there any more had a third of them.
  await asAdmin(adminUrl, `update "${schema}".runs set lease_owner = 'wkr_gone', due_at = null where shard % 3 = 0`);
  program.workOn(worker);
  await worker.start();

  expect(new Set(await program.finished(producer, runIds, 40_000))).toEqual(new Set(['completed']));
  for (const runId of runIds) expect(brokenLogRules(await readLog(producer, runId))).toEqual([]);
  expect(program.ledger.repeatedAfterRecord).toEqual([]);
  await worker.close();
  await vi.waitUntil(async () => (await asAdmin(adminUrl, `select 1 from "${schema}".workers`)).length === 0);
});

it('a run that somebody has locked is asked for until it is free, for no patience reaches the node that has it', async () => {
  const { url, schema } = await pretendCitus();
  const world = openWorld(url, schema);
  const runId = await runningRun(world);
  const holder = await lockRun(adminUrl, schema, runId);
  const writing = world.events.create(runId, build.stepCreated(newStepId()));
  const asking = `select 1 from pg_stat_activity where application_name = 'citus_${opened}' and wait_event = 'PgSleep'`;
  await vi.waitUntil(async () => (await asAdmin(adminUrl, asking)).length > 0, { timeout: 3_000 });
  await holder.query('commit');
  await writing;
  expect(await readLog(world, runId)).toHaveLength(3);
});

it('a run that stays locked gives its writer a 503 that names it', { timeout: 20_000 }, async () => {
  const { url, schema } = await pretendCitus();
  const world = openWorld(url, schema);
  const runId = await runningRun(world);
  await lockRun(adminUrl, schema, runId);
  const error: unknown = await world.events.create(runId, build.stepCreated(newStepId())).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'DATABASE_TIMEOUT' });
  expect(String(error)).toMatch(new RegExp(`stayed locked by another session \\(run ${runId} is locked\\)`));
});

let opened = 0;

function openWorld(url: string, schema: string): PawlWorld {
  const own = new URL(url);
  own.searchParams.set('application_name', `citus_${(opened += 1)}`);
  const env = {
    WORKFLOW_PAWL_URL: String(own),
    WORKFLOW_PAWL_SCHEMA: schema,
    WORKFLOW_PAWL_CITUS: 'on',
    WORKFLOW_PAWL_LEASE_MS: '2000',
    WORKFLOW_PAWL_LOG_LEVEL: 'silent',
  };
  const world = createWorld({ env });
  onTestFinished(async () => {
    await world.close();
    await dropSchema(adminUrl, schema);
  });
  return world;
}

interface Call {
  readonly call: string;
  readonly what: string;
  readonly detail: string;
}

/** Functions of the names that Citus has, which note that they were called and do nothing. */
async function pretendCitus(): Promise<{ url: string; schema: string; calls(): Promise<Call[]> }> {
  const [schema, fake] = [newSchemaName(), newSchemaName()];
  onTestFinished(() => dropSchema(adminUrl, fake));
  const noting = (signature: string, what: string, detail: string) => `
    create function ${fake}.${signature} returns void language sql as $$
      insert into ${fake}.calls (call, what, detail) values ('${signature.split('(')[0]}', ${what}, ${detail}) $$`;
  await asAdmin(
    adminUrl,
    `create schema ${fake}`,
    `create table ${fake}.pg_extension (extname text)`,
    `insert into ${fake}.pg_extension values ('citus')`,
    `create table ${fake}.pg_dist_partition (logicalrelid oid)`,
    `create table ${fake}.calls (id serial, call text, what text, detail text)`,
    noting('create_distributed_table(name text, key text, colocate_with text)', 'name', `key || ' ' || replace(colocate_with, '"', '')`),
    noting('create_reference_table(name text)', 'name', `''`),
    noting('create_distributed_function(name regprocedure)', 'name::text', `''`),
  );
  const url = new URL(adminUrl);
  url.searchParams.set('options', `-c search_path=${fake},pg_catalog`);
  return {
    url: String(url),
    schema,
    calls: () => asAdmin<Call & Record<string, unknown>>(adminUrl, `select call, what, detail from ${fake}.calls order by id`),
  };
}

/** Stands before the committer, as Citus would with an error or a transaction of several servers. */
async function refuseWhatIsOfSeveralShards(schema: string): Promise<void> {
  const parameters =
    'p_writer text, p_batch bigint, p_unsure jsonb, p_shard int, p_wait boolean, p_clock bigint, p_sync text, p_shards int[], p_runs text[], p_acts jsonb, p_bytes bytea';
  const columns = 'o_act int, o_held boolean, o_seq bigint, o_at bigint, o_detail jsonb, o_bytes bytea';
  await asAdmin(
    adminUrl,
    `alter function "${schema}".pawl_commit_v1 rename to pawl_commit_real`,
    `create function "${schema}".pawl_commit_v1(${parameters}) returns table (${columns}) language plpgsql as $$
    begin
      if p_shard <> any (p_shards) then
        raise exception 'shards % in a batch of shard %', p_shards, p_shard;
      end if;
      if exists (
        select 1 from jsonb_array_elements(p_acts) as a
        where (a ->> 'kind' in ('write', 'append', 'enqueue', 'settleStep', 'settleMessage') and coalesce(a ->> 'shard', a -> 'detail' ->> 'shard')::int <> p_shard)
          or (a ->> 'kind' = 'claim' and (a -> 'detail' ->> 'shard')::int is distinct from p_shard)
          or (a ->> 'kind' in ('reap', 'leave') and (a -> 'detail' ->> 'shard')::int is distinct from p_shard and not a -> 'detail' ? 'forget')
      ) then
        raise exception 'acts of other shards in a batch of shard %: %', p_shard, p_acts;
      end if;
      return query select * from "${schema}".pawl_commit_real(
        p_writer, p_batch, p_unsure, p_shard, p_wait, p_clock, p_sync, p_shards, p_runs, p_acts, p_bytes);
    end $$`,
  );
}

async function namesIn(schema: string): Promise<string[]> {
  const rows = await asAdmin<{ name: string }>(
    adminUrl,
    `select table_name as name from information_schema.tables where table_schema = '${schema}' order by table_name`,
  );
  return rows.map(({ name }) => name);
}

function nameOf(what: string): string {
  return what.replaceAll('"', '').split('.').at(-1) ?? '';
}
