// A process of its own for some thousands of seeds: what died in them is not collected before its process ends.
import type { Theme } from './mood.ts';
import { openPostgresDatabases } from './postgres-databases.ts';
import { simulate } from './simulate.ts';
import { openSqliteDatabases } from './sqlite-databases.ts';

const {
  seeds,
  twiceEvery = 0,
  theme,
  postgres,
  trace,
} = JSON.parse(process.argv[2] ?? '{}') as {
  readonly seeds: readonly number[];
  /** Every so many seeds one is lived twice, to see that it does the same again. */
  readonly twiceEvery?: number;
  /** Undefined: one of three seeds has flows. */
  readonly theme?: Theme;
  /** The URL of a server; without it they live on SQLite. */
  readonly postgres?: string;
  readonly trace?: boolean;
};
// Before the Worlds of a seed hear of it: they would drain, and their runs would look as if they had been forgotten.
process.on('SIGTERM', () => process.exit(143));
const databases = postgres === undefined ? await openSqliteDatabases() : await openPostgresDatabases(postgres);
let current: number | undefined;
process.on('uncaughtException', giveUp);
process.on('unhandledRejection', (error) => {
  process.stdout.write(`${JSON.stringify({ seed: current, unhandled: String((error as Error).stack ?? error) })}\n`);
});
/** What such an error leaves behind would be laid at the door of the seeds that follow. */
function giveUp(error: unknown): Promise<never> {
  const stack = String((error as Error).stack ?? error);
  process.stdout.write(`${JSON.stringify({ seed: current, unhandled: stack })}\n`, () => process.exit());
  return new Promise(() => {});
}

const themeOf = (seed: number): Theme => theme ?? (seed % 3 === 0 ? 'flows' : 'everything');

for (const seed of seeds) {
  current = seed;
  const simulation = await simulate(seed, databases, {
    theme: themeOf(seed),
    trace: trace ? (line) => console.error(line) : undefined,
  }).catch(giveUp);
  const violations = [...simulation.violations];
  if (twiceEvery > 0 && seed % twiceEvery === 0) {
    const again = await simulate(seed, databases, { theme: themeOf(seed) }).catch(giveUp);
    if (again.fingerprint !== simulation.fingerprint) violations.push('the same seed did not do the same again');
  }
  process.stdout.write(`${JSON.stringify({ seed, violations, counts: simulation.counts })}\n`);
}
await databases.close();
process.exit();
