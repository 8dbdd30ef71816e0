import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { citusEnv } from './citus.ts';
import { scratchFolder } from './scratch.ts';
import { dropSchema, newSchemaName } from './postgres-schema.ts';

export type StoreName = 'SQLite' | 'PostgreSQL';
export const storeNames: readonly StoreName[] = ['SQLite', 'PostgreSQL'];

/** The settings of a database that nobody else uses; it goes when the test has ended. */
export async function scratchDatabase(store: StoreName): Promise<Record<string, string>> {
  const common = { WORKFLOW_PAWL_LEASE_MS: '1000', WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  if (store === 'SQLite') return { ...common, WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}` };
  const schema = newSchemaName();
  const url = inject('postgresUrl');
  onTestFinished(() => dropSchema(url, schema));
  return { ...common, ...citusEnv, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema };
}
