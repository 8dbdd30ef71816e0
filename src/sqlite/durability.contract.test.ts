import fs from 'node:fs';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import type * as driver from './driver.ts';
import type { AppendAct } from '../world/port.ts';
import { createSqliteStore } from './store.ts';

// Whether a commit waits for the disk is a matter of the connection, which nobody outside can ask: so they are caught as they are opened.
const opened: { readonly database: driver.SqliteDatabase; readonly readOnly: boolean }[] = [];
vi.mock('./driver.ts', async (original) => {
  const { loadDriver, ...rest } = await original<typeof driver>();
  return {
    ...rest,
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

// SQLite syncs for its checkpoints; that a commit is on the disk before it is acknowledged is ours (docs/adr/0006).
it.each([
  ['before it is acknowledged', undefined, 3],
  ['before it is acknowledged', 'full', 3],
  ['at the next checkpoint', 'normal', 0],
] as const)('brings each commit to the disk %s where the setting is %s', async (_, sync, expected) => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock, ...(sync ? { sync } : {}) });
  await store.open();
  try {
    const writer = opened.find(({ readOnly }) => !readOnly);
    expect(pragma(writer?.database, 'synchronous')).toBe(1);
    expect(pragma(writer?.database, 'journal_mode')).toBe('wal');
    const syncs = countSyncs();
    for (const name of ['a', 'b', 'c']) await store.commit(append(name));
    expect(syncs()).toBe(expected);
  } finally {
    await store.close();
  }
});

it('says so where the disk did not keep a commit, and keeps all of it once the disk is well again', async () => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock });
  await store.open();
  try {
    await store.commit(append('before'));
    const heal = breakSyncs();
    await expect(store.commit(append('during'))).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('the disk did not keep what was written'),
    });
    heal();
    await store.commit(append('after'));
    // A sync that failed tells nothing of what a later one brings to the disk, so all of it went into the file itself.
    const file = new Uint8Array(await readFile(path));
    expect(new TextDecoder('latin1').decode(file)).toContain('during');
  } finally {
    await store.close();
  }
});

it('keeps room in the log ahead of its commits, and reads it as if it were not there', async () => {
  const path = join(await scratchFolder(), 'pawl.db');
  const store = createSqliteStore({ path, clock: systemClock });
  await store.open();
  const names = Array.from({ length: 40 }, (_, index) => `stream-${index}`);
  for (const name of names) await store.commit(append(name));
  expect((await stat(`${path}-wal`)).size).toBeGreaterThan(256 * 2 ** 10);

  // As a process finds it after the death of this one.
  const copy = join(await scratchFolder(), 'pawl.db');
  for (const suffix of ['', '-wal']) await copyFile(path + suffix, copy + suffix);
  await store.close();
  const heir = createSqliteStore({ path: copy, clock: systemClock });
  await heir.open();
  try {
    for (const name of names) expect(await heir.getStream(name)).toMatchObject({ chunkCount: 1 });
  } finally {
    await heir.close();
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

function append(name: string): AppendAct {
  return { kind: 'append', shard: 0, name, runId: name, chunks: [new Uint8Array(10)], close: false, now: 0 };
}

/** How many times this process has brought a file to the disk since. */
function countSyncs(): () => number {
  const sync = vi.spyOn(fs, 'fdatasyncSync');
  const background = vi.spyOn(fs, 'fdatasync');
  useSpies();
  return () => sync.mock.calls.length + background.mock.calls.length;
}

/** Until it is healed, the disk keeps nothing. */
function breakSyncs(): () => void {
  const failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  vi.spyOn(fs, 'fdatasyncSync').mockImplementation(() => {
    throw failure;
  });
  vi.spyOn(fs, 'fdatasync').mockImplementation((_, done) => done(failure));
  useSpies();
  return () => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  };
}

function useSpies(): void {
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}
