import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { citusEnv } from './citus.ts';
import { dropSchema, newSchemaName } from './postgres-schema.ts';

/** Where a World of its own lives, as the environment says it. */
export interface Place {
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** One for each kind of database. */
export const places: Readonly<Record<'SQLite' | 'PostgreSQL', () => Promise<Place>>> = {
  async SQLite() {
    const folder = await mkdtemp(join(tmpdir(), 'pawl-place-'));
    return {
      env: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` },
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  },
  async PostgreSQL() {
    const [url, schema] = [inject('postgresUrl'), newSchemaName()];
    return { env: { ...citusEnv, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema }, remove: () => dropSchema(url, schema) };
  },
};
