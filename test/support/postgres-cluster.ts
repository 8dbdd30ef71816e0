import type { TestProject } from 'vitest/node';
import { startScratchPostgres } from '../../src/testing/scratch-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a database whose user may do everything in it. */
    readonly postgresUrl: string;
  }
}

/** One server for all test files: yours, if WORKFLOW_PAWL_TEST_URL names one, else a scratch one. Fails if there can be none. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const yours = process.env['WORKFLOW_PAWL_TEST_URL'];
  if (yours) {
    project.provide('postgresUrl', yours);
    return async () => {};
  }
  // Processes of the server are killed here, machines are not: what it wrote is safe without the disk having it.
  const server = await startScratchPostgres({ fsync: false });
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
