import { pathToFileURL } from 'node:url';

/** Where the examples keep their executions: `npx workflow inspect runs` shows them. */
export const databaseUrl = 'sqlite:./.pawl/flow-examples.db';

/** Runs an example's `main` if its file was started as a program; a test imports it instead. */
export async function runAsProgram(url, main) {
  if (!process.argv[1] || pathToFileURL(process.argv[1]).href !== url) return;
  await main({ log: console.log });
}
