import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, inject, it, onTestFinished } from 'vitest';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { Database } from './database.ts';
import { migrate, ownFolder } from './migrate.ts';
import { createPostgresStore } from './store.ts';

const url = inject('postgresUrl');

it('makes the schema once when eight stores open at the same moment', async () => {
  const schema = ownSchema();
  const stores = Array.from({ length: 8 }, () => createPostgresStore({ url, schema, clock: systemClock }));
  await Promise.all(stores.map((store) => store.open()));
  const secrets = await Promise.all(stores.map((store) => store.getSetting('secret')));
  await Promise.all(stores.map((store) => store.close()));
  expect(new Set(secrets).size).toBe(1);
  expect(await versionOf(schema)).toBe((await readdir(ownFolder)).length);
});

it('leaves the schema as it was if a migration fails half way', async () => {
  const schema = ownSchema();
  const broken = await ladder('create table pawl.extra (id text primary key); create table pawl.runs (id text);');
  await expect(upgrade(schema, broken)).rejects.toThrow('relation "runs" already exists');
  expect(await tablesOf(schema)).toEqual(['pawl_meta']);
  await upgrade(schema, ownFolder);
  expect(await versionOf(schema)).toBe((await readdir(ownFolder)).length);
});

it('refuses a schema that is newer than the code, and leaves it alone', async () => {
  const schema = ownSchema();
  await upgrade(schema, await ladder('create table pawl.extra (id text primary key);'));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await expect(store.open()).rejects.toMatchObject({
    code: 'SCHEMA_TOO_NEW',
    message: expect.stringMatching(/schema "pawl_test_\w+" of .* has version \d+, newer than the \d+ .* upgrade Pawl/),
  });
});

it('opens a newer schema to which additive migrations came', async () => {
  const schema = ownSchema();
  await upgrade(schema, await ladder('-- additive\ncreate table pawl.extra (id text primary key);'));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  expect(await store.listRuns({ workflowName: undefined, status: undefined, after: undefined, order: 'asc', limit: 1 })).toEqual([]);
  await store.close();
});

it('fills a schema that was made for it, as a user who may not make one', async () => {
  const [schema, user] = [ownSchema(), `user_${newSchemaName()}`];
  await asAdmin(url, `create user ${user} password 'pass'`, `create schema "${schema}" authorization ${user}`);
  onTestFinished(async () => {
    await asAdmin(url, `drop owned by ${user} cascade`, `drop user ${user}`);
  });
  const store = createPostgresStore({ url: as(user, 'pass'), schema, clock: systemClock });
  await store.open();
  await store.close();
  expect(await tablesOf(schema)).toContain('runs');
});

function ownSchema(): string {
  const schema = newSchemaName();
  onTestFinished(() => dropSchema(url, schema));
  return schema;
}

/** The migrations of this code, and others after them. */
async function ladder(...later: readonly string[]): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  const own = await readdir(ownFolder);
  for (const name of own) await copyFile(fileURLToPath(new URL(name, ownFolder)), join(folder, name));
  for (const [index, sql] of later.entries()) {
    await writeFile(join(folder, `${String(own.length + index + 1).padStart(4, '0')}_later.sql`), sql);
  }
  return pathToFileURL(`${folder}/`);
}

async function upgrade(schema: string, folder: URL): Promise<void> {
  const db = new Database({ url, schema, clock: systemClock });
  try {
    await migrate(db, { folder });
  } finally {
    await db.close();
  }
}

async function versionOf(schema: string): Promise<number> {
  const [row] = await asAdmin<{ value: string }>(url, `select value from "${schema}".pawl_meta where key = 'schema_version'`);
  return Number(row?.value);
}

async function tablesOf(schema: string): Promise<string[]> {
  const rows = await asAdmin<{ name: string }>(
    url,
    `select table_name as name from information_schema.tables where table_schema = '${schema}' order by table_name`,
  );
  return rows.map(({ name }) => name);
}

function as(user: string, password: string): string {
  const other = new URL(url);
  other.username = user;
  other.password = password;
  return String(other);
}
