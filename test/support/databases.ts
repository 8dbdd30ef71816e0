import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { citusEnv } from './citus.ts';
import { dropSchema, newSchemaName } from './postgres-schema.ts';
import { scratchFolder } from './scratch.ts';

/** The settings of an empty database of each kind, which goes with the test that asks for it. */
export const databases: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  async sqlite() {
    return { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}` };
  },
  async postgres() {
    const [url, schema] = [inject('postgresUrl'), newSchemaName()];
    onTestFinished(() => dropSchema(url, schema));
    return { ...citusEnv, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema };
  },
};
