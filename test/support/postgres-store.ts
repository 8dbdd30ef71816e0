import { inject } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { createPostgresStore } from '../../src/postgres/store.ts';
import type { Store } from '../../src/world/port.ts';
import { onCitus } from './citus.ts';
import { dropSchema, newSchemaName } from './postgres-schema.ts';

/** A store in a schema of its own, which goes with it. */
export async function openPostgresStore(clock: Clock): Promise<{ readonly store: Store; close(): Promise<void> }> {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const store = createPostgresStore({ url, schema, clock, citus: onCitus });
  await store.open();
  return {
    store,
    async close() {
      await store.close();
      await dropSchema(url, schema);
    },
  };
}
