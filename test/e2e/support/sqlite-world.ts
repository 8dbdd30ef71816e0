import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorldUnderTest } from './stage.ts';

/** The built package: host processes load it as a user's application would, not from the sources. */
export const pawl = fileURLToPath(new URL('../../../dist/index.js', import.meta.url));

/** Where processes die, nobody wants to wait for the lease of ten seconds; where none dies, a busy machine must not look like a death. */
export const shortLease = { WORKFLOW_PAWL_LEASE_MS: '1000' };

export interface SqliteWorld extends WorldUnderTest {
  readonly file: string;
}

/** A SQLite World on a file of its own. */
export async function openSqliteWorld(env: Readonly<Record<string, string>> = {}): Promise<SqliteWorld> {
  if (!existsSync(pawl)) throw new Error(`${pawl} is missing: run \`npm run build\` before the end-to-end tests.`);
  const directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-sqlite-'));
  const file = join(directory, 'pawl.db');
  return {
    file,
    env: {
      WORKFLOW_TARGET_WORLD: pawl,
      WORKFLOW_PAWL_URL: `sqlite:${file}`,
      ...env,
    },
    close: async () => await rm(directory, { recursive: true, force: true }),
  };
}
