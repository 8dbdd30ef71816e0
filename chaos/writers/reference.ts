// The same rush on world-postgres, in a process of its own: it keeps connections after it was closed, and dies when their server goes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WorkflowWorldError } from '@workflow/errors';
import { createWorld } from '@workflow/world-postgres';
import { Random } from '../../test/e2e/support/random.ts';
import { isRefusal } from './refusal.ts';
import { rushAll } from './rush-all.ts';

const {
  url,
  seed,
  runs,
  worlds: count,
} = JSON.parse(process.argv[2] ?? '{}') as { url: string; seed: number; runs: number; worlds: number };
const cli = fileURLToPath(import.meta.resolve('@workflow/world-postgres/cli'));
execFileSync(process.execPath, [cli], { env: { ...process.env, WORKFLOW_POSTGRES_URL: url }, stdio: 'ignore' });
const worlds = Array.from({ length: count }, () => createWorld({ connectionString: url }));
const { broken, untrue, failed } = await rushAll(worlds, new Random(seed), {
  runs,
  compareRows: false,
  isRefusal: isItsRefusal,
  say: () => {},
});
const runsOf = (rules: readonly string[]) => new Set(rules.map((rule) => rule.split(':')[0])).size;
// A replay lives with a second run_started; times that go back disturb only its clock, and are counted apart.
const corrupted = runsOf(broken.filter((rule) => !/run_started repeats|is older than/.test(rule)));
const unordered = runsOf(broken.filter((rule) => /is older than/.test(rule)));
process.stdout.write(`${JSON.stringify({ corrupted, unordered, untrue: runsOf(untrue), failed })}\n`, () => process.exit());

/** To a step or wait that is not there yet it says no without a status. */
function isItsRefusal(error: unknown): boolean {
  return isRefusal(error) || (WorkflowWorldError.is(error) && error.status === undefined);
}
