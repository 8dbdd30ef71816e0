import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import type * as driver from './driver.ts';
import { createSqliteStore } from './store.ts';

// Whether a commit waits for the disk is a matter of the connection, which nobody outside can ask: so they are caught as they are opened.
const opened: { readonly database: driver.SqliteDatabase; readonly readOnly: boolean }[] = [];
vi.mock('./driver.ts', async (original) => {
  const { loadDriver } = await original<typeof driver>();
  return {
    async loadDriver(): Promise<driver.OpenDatabase> {
      const openDatabase = await loadDriver();
      return (path, options) => {
        const database = openDatabase(path, options);
        opened.push({ database, readOnly: options?.readOnly === true });
        return database;
      };
    },
  };
});
beforeEach(() => void opened.splice(0));

it.each([
  ['full', undefined, 2],
  ['full', 'full', 2],
  ['normal', 'normal', 1],
] as const)('commits with synchronous=%s where the setting is %s', async (_, sync, level) => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock, ...(sync ? { sync } : {}) });
  await store.open();
  try {
    const writer = opened.find(({ readOnly }) => !readOnly);
    expect(pragma(writer?.database, 'synchronous')).toBe(level);
    expect(pragma(writer?.database, 'journal_mode')).toBe('wal');
  } finally {
    await store.close();
  }
});

it('reads through a connection of its own that cannot write', async () => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock });
  await store.open();
  try {
    expect(opened.map(({ readOnly }) => readOnly)).toEqual([false, true]);
    expect(() => opened[1]?.database.exec("insert into pawl_meta values ('a', 'b')")).toThrow(/readonly/);
  } finally {
    await store.close();
  }
});

function pragma(database: driver.SqliteDatabase | undefined, name: string): unknown {
  return Object.values(database?.prepare(`pragma ${name}`).get() ?? {})[0];
}
