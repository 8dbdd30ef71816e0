import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import type { WorkflowWorldError } from '@workflow/errors';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { pendingRun, runningRun } from '../testing/arrange.ts';
import * as build from '../testing/event-builders.ts';
import { newRunId, newStepId, newStreamName } from '../testing/ids.ts';

const adminUrl = inject('postgresUrl');

describe('a session', () => {
  for (const zone of ['Asia/Tokyo', 'America/New_York', 'Asia/Kathmandu']) {
    it(`whose time zone is ${zone} keeps every instant`, async () => {
      const world = openWorld(withOptions(`-c timezone=${zone}`));
      const before = Date.now();
      const runId = await runningRun(world);
      const { event } = await world.events.create(runId, build.stepCreated(newStepId()));
      const run = await world.runs.get(runId);
      for (const instant of [run.createdAt, run.startedAt, event?.createdAt]) {
        expect(Math.abs(Number(instant?.getTime()) - before)).toBeLessThan(60_000);
      }
    });
  }

  it('whose statements may take little time says so, names the setting, and is retryable', async () => {
    const schema = newSchemaName();
    const world = openWorld(withOptions('-c statement_timeout=500'), schema);
    await world.runs.list({});
    const error = await whileLocked(schema, () => failure(() => pendingRun(world)));
    expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'DATABASE_TIMEOUT' });
    expect(error.message).toMatch(/raise statement_timeout for user "postgres"/);
    expect(await pendingRun(world)).toMatch(/^wrun_/);
  });
});

describe('a World that cannot be opened says what is wrong, with what, and what to do:', () => {
  it('a wrong password', async () => {
    const error = await failure(() => openWorld(as('postgres', 'a-wrong-secret')).runs.list({}));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_PASSWORD' });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+\/postgres refuses the password of user "postgres": correct it in WORKFLOW_PAWL_URL/);
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('a-wrong-secret');
  });

  it('an unknown database', async () => {
    const url = new URL(adminUrl);
    url.pathname = '/nowhere';
    const error = await failure(() => openWorld(String(url)).runs.list({}));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_UNKNOWN' });
    expect(error.message).toMatch(/nowhere has no such database: create it/);
  });

  it('a user who may not make the schema', async () => {
    const error = await failure(async () => openWorld(as(await newUser(), 'pass')).runs.list({}));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_RIGHTS' });
    expect(error.message).toMatch(/lacks rights at .* \(permission denied for database postgres\)/);
  });

  it('a user who may not use the schema', async () => {
    const schema = newSchemaName();
    await openWorld(adminUrl, schema).runs.list({});
    const error = await failure(async () => openWorld(as(await newUser(), 'pass'), schema).runs.list({}));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_RIGHTS' });
    expect(error.message).toContain(`(permission denied for schema ${schema})`);
  });

  it('a user who may only read', async () => {
    const [schema, user] = [newSchemaName(), await newUser()];
    await openWorld(adminUrl, schema).runs.list({});
    await asAdmin(adminUrl, `grant usage on schema "${schema}" to ${user}`, `grant select on all tables in schema "${schema}" to ${user}`);
    const world = openWorld(as(user, 'pass'), schema);
    expect((await world.runs.list({})).data).toEqual([]);
    const error = await failure(() => pendingRun(world));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_RIGHTS' });
  });

  it('a database that is read-only', async () => {
    const schema = newSchemaName();
    const options = withOptions('-c default_transaction_read_only=on');
    expect(await failure(() => openWorld(options, schema).runs.list({}))).toMatchObject({ status: 503, code: 'DATABASE_READ_ONLY' });
    await openWorld(adminUrl, schema).runs.list({});
    const world = openWorld(options, schema);
    expect((await world.runs.list({})).data).toEqual([]);
    const error = await failure(() => world.writeToStream(newStreamName(), newRunId(), 'x'));
    expect(error).toMatchObject({ status: 503, code: 'DATABASE_READ_ONLY' });
    expect(error.message).toMatch(/read-only for user "postgres".*connect to the primary/);
  });

  it('a server that is too old', async () => {
    const fake = newSchemaName();
    await asAdmin(
      adminUrl,
      `create schema ${fake}`,
      `create function ${fake}.current_setting(text) returns text language sql as $$ select '120017' $$`,
    );
    onTestFinished(() => dropSchema(adminUrl, fake));
    const error = await failure(() => openWorld(withOptions(`-c search_path=${fake},pg_catalog`)).runs.list({}));
    expect(error).toMatchObject({ status: 500, code: 'DATABASE_VERSION' });
    expect(error.message).toMatch(/has version 12; Pawl needs 13 or newer/);
  });

  it('no server', async () => {
    const url = new URL(adminUrl);
    url.port = '1';
    const error = await failure(() => openWorld(String(url)).runs.list({}));
    expect(error).toMatchObject({ status: 503, code: 'TRANSPORT' });
    expect(error.message).toMatch(/127\.0\.0\.1:1\/postgres cannot be reached: connect ECONNREFUSED/);
    expect(error.message).not.toContain(new URL(adminUrl).password);
  });
});

let opened = 0;

function openWorld(url: string, schema = newSchemaName()): PawlWorld {
  const own = new URL(url);
  own.searchParams.set('application_name', `settings_${(opened += 1)}`);
  const env = { WORKFLOW_PAWL_URL: String(own), WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env });
  onTestFinished(async () => {
    await world.close();
    await dropSchema(adminUrl, schema);
  });
  return world;
}

function withOptions(options: string): string {
  const url = new URL(adminUrl);
  url.searchParams.set('options', options);
  return String(url);
}

function as(user: string, password: string): string {
  const url = new URL(adminUrl);
  [url.username, url.password] = [user, password];
  return String(url);
}

async function newUser(): Promise<string> {
  const user = `user_${newSchemaName()}`;
  await asAdmin(adminUrl, `create user ${user} password 'pass'`);
  onTestFinished(async () => {
    await asAdmin(adminUrl, `drop owned by ${user} cascade`, `drop user ${user}`);
  });
  return user;
}

/** While somebody has the table of the runs, everybody else waits for it. */
async function whileLocked<T>(schema: string, act: () => Promise<T>): Promise<T> {
  const holder = new pg.Client(adminUrl);
  await holder.connect();
  try {
    await holder.query(`begin; lock table "${schema}".runs`);
    return await act();
  } finally {
    await holder.end();
  }
}

async function failure(call: () => Promise<unknown>): Promise<WorkflowWorldError> {
  try {
    await call();
  } catch (error) {
    return error as WorkflowWorldError;
  }
  throw new Error('It succeeded.');
}
