// The same rush on world-postgres, in a process of its own: it keeps connections after it was closed, and dies when their server goes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createWorld } from '@workflow/world-postgres';
import { Random } from '../../test/e2e/support/random.ts';
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
const { broken } = await rushAll(worlds, new Random(seed), { runs, compareRows: false, say: () => {} });
const corrupted = new Set(broken.map((rule) => rule.split(':')[0])).size;
process.stdout.write(`${JSON.stringify({ corrupted, sample: broken[0] })}\n`, () => process.exit());
