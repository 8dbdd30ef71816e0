import type { Clock } from '../../src/base/clock.ts';
import { createSqliteStore } from '../../src/sqlite/store.ts';
import { openPostgresStore } from './postgres-store.ts';

/** An empty store of each dialect, by the clock that it is to go by. */
export const storeOpeners = {
  SQLite: async (clock: Clock) => {
    const store = createSqliteStore({ path: ':memory:', clock });
    await store.open();
    return { store, close: () => store.close() };
  },
  PostgreSQL: openPostgresStore,
};
