import { ensureInstalled } from './setup.js';
import { runTool } from './run-tool.js';

// The tests that compare the schema of a migrated database with the golden dumps in test/schema, told to write them instead.
await ensureInstalled();
const { code } = await runTool('vitest/vitest.mjs', ['run', '--project=contract', 'schema.contract', '--update'], { show: true });
process.exitCode = code;
