import { inject } from 'vitest';
import { dropSchema, newSchemaName } from '../../support/postgres-schema.ts';
import { pawl } from './sqlite-world.ts';
import type { WorldUnderTest } from './stage.ts';

/** A PostgreSQL World in a schema of its own, on the server of the test run. */
export async function openPostgresWorld(env: Readonly<Record<string, string>> = {}): Promise<WorldUnderTest> {
  const url = inject('postgresUrl');
  const schema = newSchemaName();
  return {
    env: { WORKFLOW_TARGET_WORLD: pawl, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema, ...env },
    close: async () => await dropSchema(url, schema),
  };
}
