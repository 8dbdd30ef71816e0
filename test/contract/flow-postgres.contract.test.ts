import { afterAll, inject, vi } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { createPostgresStore } from '../../src/postgres/store.ts';
import { onCitus } from '../support/citus.ts';
import { dropSchema, emptySchema, newSchemaName } from '../support/postgres-schema.ts';
import { testFlowsOnStore } from '../support/flow-suites.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 120_000 });

const schemas: string[] = [];
const free: string[] = [];

async function openSchema(clock: Clock) {
  const [url, schema] = [inject('postgresUrl'), free.pop() ?? newSchemaName()];
  if (!schemas.includes(schema)) schemas.push(schema);
  const store = createPostgresStore({ url, schema, clock, citus: onCitus });
  await store.open();
  return {
    store,
    async close() {
      await store.close();
      await emptySchema(url, schema);
      free.push(schema);
    },
  };
}

afterAll(async () => {
  for (const schema of schemas) await dropSchema(inject('postgresUrl'), schema);
});

testFlowsOnStore('postgres', openSchema);
