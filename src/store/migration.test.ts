import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { additiveFaults, type Migration, pendingMigrations, readMigrations, usableFromAfter } from './migration.ts';

async function folderOf(...names: readonly string[]): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of names) await writeFile(join(folder, name), `-- ${name}`);
  return pathToFileURL(`${folder}/`);
}

describe('a ladder of migrations', () => {
  it('is read in order, each step with its number, name and text', async () => {
    const folder = await folderOf('0002_flows.sql', '0001_world.sql', 'README.md');
    expect(await readMigrations(folder)).toEqual([
      { version: 1, slug: 'world', sql: '-- 0001_world.sql', additive: false },
      { version: 2, slug: 'flows', sql: '-- 0002_flows.sql', additive: false },
    ]);
  });

  it.each([
    ['a gap', ['0001_world.sql', '0003_flows.sql'], 'Migration "0003_flows.sql" must be number 2'],
    ['a number twice', ['0001_world.sql', '0001_zebra.sql'], 'Migration "0001_zebra.sql" must be number 2'],
    ['no first step', ['0002_flows.sql'], 'must be number 1'],
    ['a name that is none', ['0001-World.sql'], 'Migration "0001-World.sql" must be number 1'],
  ])('may not have %s', async (_, names, message) => {
    await expect(readMigrations(await folderOf(...names))).rejects.toThrow(message);
  });
});

describe('the migrations that are still to be done', () => {
  const all = [1, 2, 3].map((version): Migration => ({ version, slug: 'x', sql: '', additive: false }));

  it.each([
    [0, [1, 2, 3]],
    [2, [3]],
    [3, []],
  ])('after version %i are %j', (version, pending) => {
    expect(pendingMigrations(all, { version, usableFrom: version }, 'here').map((step) => step.version)).toEqual(pending);
  });

  it.each([
    [5, 3],
    [4, 1],
  ])('of a schema %i that code of %i can use are none', (version, usableFrom) => {
    expect(pendingMigrations(all, { version, usableFrom }, 'here')).toEqual([]);
  });

  it.each([4, undefined])('are refused where the schema is newer than the code, and usable from %j', (usableFrom) => {
    expect(() => pendingMigrations(all, { version: 4, usableFrom }, '/data/pawl.db')).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_TOO_NEW',
        message: expect.stringMatching(
          /\/data\/pawl\.db has version 4, newer than the 3 .*, and takes code of version 4 or later: upgrade Pawl/,
        ),
      }),
    );
  });
});

describe('an additive migration', () => {
  const ladder = (...additive: readonly boolean[]) =>
    additive.map((is, index): Migration => ({ version: index + 1, slug: 'x', sql: '', additive: is }));

  it.each([
    [[false, false], 2],
    [[false, true, true], 1],
    [[false, true, false, true], 3],
  ])('leaves a schema usable by the code of before: %j is usable from %i', (additive, from) => {
    expect(usableFromAfter(ladder(...additive))).toBe(from);
  });

  it.each([
    ['alter table pawl.runs drop column error', 'drop'],
    ['alter table runs rename column error to fault', 'rename'],
    ['alter table pawl.runs alter column error set not null', 'alter column'],
    ['alter table runs add column note text not null', 'not null without a default'],
    ['create or replace function pawl.pawl_commit_v1() returns int language sql as $$ select 1 $$', 'create or replace'],
    ["update pawl.runs set error = ''", 'update'],
    ['create unique index steps_once on steps (step_name)', 'create unique index'],
  ])('may not say "%s"', (sql, fault) => {
    expect(additiveFaults(`create table extra (id text);\n${sql};`)).toEqual([fault]);
  });

  it('adds tables, indexes, functions, and columns that fill themselves', () => {
    const sql = `-- additive: notes. Nothing is dropped
      create table pawl.notes (shard int not null, note text not null, primary key (shard));
      alter table pawl.runs add column notes bigint not null default 0;
      alter table pawl.steps add column note text;
      create index runs_by_notes on pawl.runs (notes);
      create function pawl.pawl_commit_v2() returns int language plpgsql as $$ begin update pawl.runs set notes = 0; return 1; end $$;`;
    expect(additiveFaults(sql)).toEqual([]);
  });

  it('that is none is not read at all', async () => {
    const folder = await folderOf('0001_world.sql');
    await writeFile(new URL('0001_world.sql', folder), '-- additive\ndrop table runs;');
    await expect(readMigrations(folder)).rejects.toThrow('Migration "0001_world.sql" says that it is additive, but has "drop"');
  });
});
