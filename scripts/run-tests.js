import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runTool } from './run-tool.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs these projects of `vitest.config.ts` and counts what came out. A run that fails without a failed test (a file that does not load,
 * an error that nobody caught) counts as one.
 *
 * @param {readonly string[]} projects
 * @param {{ show?: boolean }} options
 */
export async function runTests(projects, options = {}) {
  const report = `${root}.tmp/tests-${projects.join('-')}-${process.pid}.json`;
  const args = [
    'run',
    ...projects.map((name) => `--project=${name}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  try {
    const { code, output } = await runTool('vitest/vitest.mjs', args, options);
    const counts = await readCounts(report);
    return { passed: counts.passed, failed: code === 0 ? 0 : Math.max(1, counts.failed), output };
  } finally {
    await rm(report, { force: true });
  }
}

async function readCounts(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { passed: 0, failed: 0 };
  }
}
