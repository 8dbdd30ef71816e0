import { afterAll, inject } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { testWorld, type WorldFactory } from '../../src/testing/index.ts';
import { citusEnv } from '../support/citus.ts';
import { dropSchema, emptySchema, newSchemaName } from '../support/postgres-schema.ts';

const schemas: string[] = [];
const free: string[] = [];
let opened = 0;

/** A World in a schema of its own; others on the same data share the schema, as another process would. */
const inSchema: WorldFactory = async ({ clock, env } = {}) => {
  const schema = free.pop() ?? newSchemaName();
  if (!schemas.includes(schema)) schemas.push(schema);
  // Worlds of one URL share what they have in a process; those of another test are another URL's.
  const url = `${inject('postgresUrl')}?application_name=test_${(opened += 1)}`;
  const open = () =>
    createWorld({
      env: {
        WORKFLOW_PAWL_LEASE_MS: '1000',
        WORKFLOW_PAWL_LOG_LEVEL: 'silent',
        ...env,
        ...citusEnv,
        WORKFLOW_PAWL_URL: url,
        WORKFLOW_PAWL_SCHEMA: schema,
      },
      ...(clock ? { clock } : {}),
    });
  const world = open();
  const others: ReturnType<typeof open>[] = [];
  return {
    world,
    async another() {
      const other = open();
      others.push(other);
      return other;
    },
    async close() {
      for (const each of [world, ...others]) await each.close();
      await emptySchema(url, schema);
      free.push(schema);
    },
  };
};

afterAll(async () => {
  for (const schema of schemas) await dropSchema(inject('postgresUrl'), schema);
});

testWorld('postgres', inSchema);
