import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Migration, pendingMigrations, readMigrations } from './migration.ts';

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
      { version: 1, slug: 'world', sql: '-- 0001_world.sql' },
      { version: 2, slug: 'flows', sql: '-- 0002_flows.sql' },
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
  const all = [1, 2, 3].map((version): Migration => ({ version, slug: 'x', sql: '' }));

  it.each([
    [0, [1, 2, 3]],
    [2, [3]],
    [3, []],
  ])('after version %i are %j', (version, pending) => {
    expect(pendingMigrations(all, version, 'here').map((step) => step.version)).toEqual(pending);
  });

  it('are refused where the schema is newer than the code', () => {
    expect(() => pendingMigrations(all, 4, '/data/pawl.db')).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_TOO_NEW',
        message: expect.stringMatching(/\/data\/pawl\.db has version 4, newer than the 3 .*upgrade Pawl/),
      }),
    );
  });
});
