import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { loadDriver, type SqliteDatabase } from '../../src/sqlite/driver.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import type { Store } from '../../src/world/port.ts';

/** One SQLite file with a connection for each process of the simulation; emptied for each seed, because opening costs more than a seed. */
export interface Databases {
  readonly stores: readonly Store[];
  /** The clock that all of them go by from now on. */
  useClock(clock: Clock): void;
  empty(): void;
  all(sql: string): unknown[];
  close(): Promise<void>;
}

export async function openDatabases(count: number): Promise<Databases> {
  // Nothing here is to survive: what dies are processes, and only in the simulation.
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pawl-chaos-'));
  const path = join(directory, 'pawl.db');
  let current: Clock = { now: () => 0, monotonic: () => 0, after: () => () => {} };
  const clock: Clock = { now: () => current.now(), monotonic: () => current.monotonic(), after: (...call) => current.after(...call) };
  const stores = Array.from({ length: count }, () => createSqliteStore({ path, clock, sync: 'normal' }));
  for (const store of stores) await store.open();
  const database: SqliteDatabase = (await loadDriver())(path);
  const rows = (sql: string) => database.prepare(sql).all();
  const tables = rows(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'pawl_meta'`);
  return {
    stores,
    useClock(next) {
      current = next;
    },
    empty: () => database.exec(['begin', ...tables.map(({ name }) => `delete from ${String(name)}`), 'commit'].join(';')),
    all: rows,
    async close() {
      database.close();
      for (const store of stores) await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
