import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { loadDriver, type SqliteDatabase } from '../../src/sqlite/driver.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import type { Databases } from './databases.ts';
import { faultyStore } from './faulty-store.ts';
import { processCount } from './mood.ts';

/** One SQLite file with a connection for each process of the simulation; emptied for each seed, because opening costs more than a seed. */
export async function openSqliteDatabases(): Promise<Databases> {
  // Nothing here is to survive: what dies are processes, and only in the simulation.
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pawl-chaos-'));
  const path = join(directory, 'pawl.db');
  let current: Clock = { now: () => 0, monotonic: () => 0, after: () => () => {} };
  const clock: Clock = { now: () => current.now(), monotonic: () => current.monotonic(), after: (...call) => current.after(...call) };
  const stores = Array.from({ length: processCount }, () => createSqliteStore({ path, clock, sync: 'normal' }));
  for (const store of stores) await store.open();
  const database: SqliteDatabase = (await loadDriver())(path);
  const rows = (sql: string) => database.prepare(sql).all();
  const tables = rows(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'pawl_meta'`);
  return {
    useClock(next) {
      current = next;
    },
    storeOf(place) {
      const real = stores[place.slot];
      if (!real) throw new Error(`There is no connection ${place.slot}.`);
      return faultyStore({ ...place, real, now: () => current.now() });
    },
    empty: async () => database.exec(['begin', ...tables.map(({ name }) => `delete from ${String(name)}`), 'commit'].join(';')),
    all: async (sql) => rows(sql),
    async close() {
      database.close();
      for (const store of stores) await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
