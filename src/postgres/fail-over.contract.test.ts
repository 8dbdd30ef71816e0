import { expect, inject, it, onTestFinished } from 'vitest';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { newRunId, newStreamName } from '../testing/ids.ts';
import { Database } from './database.ts';

const adminUrl = inject('postgresUrl');
const onlyRead = "set_config('default_transaction_read_only', 'on', false)";

it('a process whose name led to a standby writes as soon as it leads to the primary, without being restarted', async () => {
  const { url, name } = await ownDatabase();
  await openWorld(url).runs.list({});
  await asAdmin(adminUrl, `alter database ${name} set default_transaction_read_only = on`);
  const world = openWorld(url);
  const write = () => world.writeToStream(newStreamName(), newRunId(), 'x');
  expect((await world.runs.list({})).data).toEqual([]);
  await expect(write()).rejects.toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'DATABASE_READ_ONLY' });

  // The connections that there are stay where they are; a new one leads to the primary.
  await asAdmin(adminUrl, `alter database ${name} reset default_transaction_read_only`);
  await write();
});

it('a statement that a server refused because it only reads is sent again by another connection', async () => {
  const db = openDatabase();
  await db.query(`select ${onlyRead}`);
  const schema = newSchemaName();
  await db.query(`create schema ${schema}`);
  onTestFinished(() => dropSchema(adminUrl, schema));
});

it('none of the connections that were made before a server was found to only read is asked again', async () => {
  const db = openDatabase();
  // As many as are asked at the same time.
  const together = async (count: number, value: string) => {
    const rows = await Promise.all(
      Array.from({ length: count }, () => db.query<{ pid: number }>(`select pg_backend_pid() as pid, pg_sleep(0.2), ${value}`)),
    );
    return new Set(rows.map(([row]) => Number(row?.pid)));
  };
  const old = await together(4, onlyRead);
  expect(old.size).toBe(4);
  await expect(db.send(`create schema ${newSchemaName()}`)).rejects.toMatchObject({ code: '25006' });
  const asked = await together(8, 'null');
  expect([...asked].filter((pid) => old.has(pid))).toEqual([]);
});

function openWorld(url: string): PawlWorld {
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true });
  onTestFinished(() => world.close());
  return world;
}

function openDatabase(): Database {
  const db = new Database({ url: adminUrl, schema: newSchemaName(), clock: systemClock });
  onTestFinished(() => db.close());
  return db;
}

/** Its settings are nobody else's. */
async function ownDatabase(): Promise<{ url: string; name: string }> {
  const name = newSchemaName();
  await asAdmin(adminUrl, `create database ${name}`);
  onTestFinished(async () => {
    await asAdmin(adminUrl, `drop database ${name} with (force)`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: String(url), name };
}
