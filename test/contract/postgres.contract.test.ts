import { inject } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { testWorld, type WorldFactory } from '../../src/testing/index.ts';
import { dropSchema, newSchemaName } from '../support/postgres-schema.ts';

/** A World in a schema of its own; others on the same data share the schema, as another process would. */
const inSchema: WorldFactory = async ({ clock, env } = {}) => {
  const url = inject('postgresUrl');
  const schema = newSchemaName();
  const open = () =>
    createWorld({
      env: {
        WORKFLOW_PAWL_LEASE_MS: '1000',
        WORKFLOW_PAWL_LOG_LEVEL: 'silent',
        ...env,
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
      for (const open of [world, ...others]) await open.close();
      await dropSchema(url, schema);
    },
  };
};

testWorld('postgres', inSchema);
