import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { worldProgram } from '../../test/support/built-world.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { Connection } from './connection.ts';
import { copyDatabase } from './copy-database.ts';
import { loadDriver } from './driver.ts';
import { migrate } from './migrate.ts';
import { readSqliteSchema } from './schema-status.ts';
import { createSqliteStore } from './store.ts';

const openDatabase = await loadDriver();
const ownMigration = new URL('./migrations/0001_world.sql', import.meta.url);

it('makes the schema once when four processes start at the same moment', async () => {
  const folder = await scratchFolder();
  const url = `sqlite:${join(folder, 'pawl.db')}`;
  const start = () => worldProgram('await world.runs.list();', { url, cwd: folder }).ended();
  const ends = await Promise.all([start(), start(), start(), start()]);

  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 0, stderr: '' })));
  expect(versionOf(join(folder, 'pawl.db'))).toBe((await migrationsOfThisCode()).length);
});

it('opens a schema of this version without touching it', async () => {
  const folder = await scratchFolder();
  const file = join(folder, 'pawl.db');
  await openStore(file);
  const secret = settingOf(file, 'secret');
  await openStore(file);
  expect(settingOf(file, 'secret')).toBe(secret);
  expect((await readdir(folder)).filter((name) => name.includes('.bak'))).toEqual([]);
});

it('copies the database before it upgrades it, whole and under the name of its version', async () => {
  const { file, folder } = await oldDatabase();
  await upgrade(file, await ladder(folder, 'create table extra (id text primary key) strict;'));

  expect(versionOf(file)).toBe(2);
  expect(versionOf(`${file}.v1.bak`)).toBe(1);
  expect(settingOf(`${file}.v1.bak`, 'kept')).toBe('as it was');
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it('replaces the copy of an upgrade that was given up', async () => {
  const { file, folder } = await oldDatabase();
  await writeFile(`${file}.v1.bak`, 'half a copy');
  await writeFile(`${file}.v1.bak.part`, 'half a copy');
  await upgrade(file, await ladder(folder, 'create table extra (id text primary key) strict;'));
  expect(settingOf(`${file}.v1.bak`, 'kept')).toBe('as it was');
});

it('leaves the schema as it was if a migration fails half way', async () => {
  const { file, folder } = await oldDatabase();
  const broken = await ladder(folder, 'create table extra (id text primary key) strict; create table runs (id text);');
  await expect(upgrade(file, broken)).rejects.toThrow('table runs already exists');

  expect(versionOf(file)).toBe(1);
  expect(tablesOf(file)).not.toContain('extra');
  expect(settingOf(file, 'kept')).toBe('as it was');
});

it('tells why a migration failed, though SQLite had taken it back by itself', async () => {
  const { file, folder } = await oldDatabase();
  const broken = await ladder(folder, 'create table extra (id text primary key) strict; rollback; create table runs (id text);');
  await expect(upgrade(file, broken)).rejects.toThrow('table runs already exists');
  expect(tablesOf(file)).not.toContain('extra');
});

it('refuses a schema that is newer than the code, and leaves it alone', async () => {
  const { file, folder } = await oldDatabase();
  const db = new Connection(openDatabase(file));
  db.exec("pragma user_version = 99; update pawl_meta set value = '99' where key = 'usable_from'");
  db.close();
  const before = await readFile(file);

  const store = createSqliteStore({ path: file, clock: systemClock });
  await expect(store.open()).rejects.toMatchObject({
    code: 'SCHEMA_TOO_NEW',
    message: expect.stringMatching(/pawl\.db has version 99, newer than the \d+ .* upgrade Pawl/),
  });
  expect(await readFile(file)).toEqual(before);
  expect((await readdir(folder)).filter((name) => name.includes('.bak'))).toEqual([]);
});

it('waits longer for one that migrates than for a commit, and holds nothing up in its process meanwhile', async () => {
  const file = join(await scratchFolder(), 'pawl.db');
  const other = new Connection(openDatabase(file));
  other.exec('pragma journal_mode = wal; begin immediate');
  const clock = createFakeClock();
  const looked = vi.spyOn(clock, 'monotonic');
  const store = createSqliteStore({ path: file, clock });
  let state = 'waiting';
  const opening = store.open().then(
    () => (state = 'open'),
    () => (state = 'refused'),
  );
  for (let minute = 0; minute < 9; minute += 1) {
    const looks = looked.mock.calls.length;
    await vi.waitUntil(() => state !== 'waiting' || looked.mock.calls.length > looks + 2);
    clock.advance(60_000);
  }
  expect(state).toBe('waiting');
  other.rollback();
  other.close();
  await opening;
  expect(state).toBe('open');
  await store.close();
});

describe('a file of another program', () => {
  const strangers = [
    ['with tables', 'create table users (id integer)'],
    ['with a view', 'create view one as select 1'],
    ['with tables and a version that Pawl has had', 'create table users (id integer); pragma user_version = 1'],
    ['with tables and a version that Pawl has now', 'create table users (id integer); pragma user_version = 4'],
    ['with tables and a newer version', 'create table users (id integer); pragma user_version = 99'],
    ['with a version and nothing else', 'pragma user_version = 2'],
  ] as const;

  it.each(strangers)('%s is refused, and nothing is written or copied', async (_, sql) => {
    const folder = await scratchFolder();
    const file = join(folder, 'theirs.db');
    const db = new Connection(openDatabase(file));
    db.exec(sql);
    db.close();
    const before = await readFile(file);

    const refused = { name: 'WorkflowWorldError', status: 500, code: 'SCHEMA_FOREIGN', message: expect.stringContaining('theirs.db') };
    await expect(openStore(file)).rejects.toMatchObject(refused);
    await expect(readSqliteSchema(file)).rejects.toMatchObject(refused);
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(folder)).toEqual(['theirs.db']);
  });
});

it('refuses a schema whose version got lost on the way, as in a dump, and says how to copy it', async () => {
  const { file } = await oldDatabase();
  const db = new Connection(openDatabase(file));
  db.exec('pragma user_version = 0');
  db.close();
  await expect(openStore(file)).rejects.toMatchObject({ code: 'SCHEMA_INCOMPLETE', message: expect.stringMatching(/user_version.*copy/) });
});

/** A database with the first schema, closed, with something in it. */
async function oldDatabase(): Promise<{ folder: string; file: string }> {
  const folder = await scratchFolder();
  const file = join(folder, 'pawl.db');
  await upgrade(file, await ladder(folder));
  const db = new Connection(openDatabase(file));
  db.run("insert into pawl_meta values ('kept', 'as it was')");
  db.close();
  return { folder, file };
}

/** The first migration, and others after it. */
async function ladder(folder: string, ...later: readonly string[]): Promise<URL> {
  const migrations = join(folder, `migrations-${later.length}`);
  await mkdir(migrations, { recursive: true });
  await copyFile(ownMigration, join(migrations, '0001_world.sql'));
  for (const [index, sql] of later.entries()) await writeFile(join(migrations, `000${index + 2}_later.sql`), sql);
  return pathToFileURL(`${migrations}/`);
}

async function upgrade(file: string, folder: URL): Promise<void> {
  const db = new Connection(openDatabase(file));
  db.exec('pragma journal_mode = wal');
  try {
    await migrate(db, { path: file, clock: systemClock, copyTo: (target) => copyDatabase(openDatabase, file, target), folder });
  } finally {
    db.close();
  }
}

async function openStore(file: string): Promise<void> {
  const store = createSqliteStore({ path: file, clock: systemClock });
  await store.open();
  await store.close();
}

async function migrationsOfThisCode(): Promise<string[]> {
  return (await readdir(new URL('./migrations/', import.meta.url))).filter((name) => name.endsWith('.sql'));
}

function read<R>(file: string, sql: string, parameters = {}): R[] {
  const db = new Connection(openDatabase(file, { readOnly: true }));
  try {
    return db.all<R>(sql, parameters);
  } finally {
    db.close();
  }
}

function versionOf(file: string): number | undefined {
  return read<{ version: number }>(file, 'select user_version as version from pragma_user_version')[0]?.version;
}

function settingOf(file: string, key: string): string | undefined {
  return read<{ value: string }>(file, 'select value from pawl_meta where key = :key', { key })[0]?.value;
}

function tablesOf(file: string): string[] {
  return read<{ name: string }>(file, "select name from sqlite_schema where type = 'table'").map(({ name }) => name);
}
