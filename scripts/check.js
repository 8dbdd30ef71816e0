import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ensureInstalled } from './setup.js';
import { runTests } from './run-tests.js';
import { runTool } from './run-tool.js';

const tool =
  (script, ...args) =>
  async () => {
    const { code, output } = await runTool(script, args);
    return { passed: 0, failed: code === 0 ? 0 : 1, output };
  };

// The longest first: the others fit beside it.
const checks = {
  'unit tests': () => runTests(['unit']),
  types: tool('typescript/bin/tsc', '-p', '.'),
  'types of the dashboard': tool('typescript/bin/tsc', '-p', 'dashboard'),
  'types of the example': tool('typescript/bin/tsc', '-p', 'examples/orders', '--noEmit'),
  'types of the test app': tool('typescript/bin/tsc', '-p', 'test/fixtures/app', '--noEmit'),
  lint: tool('oxlint/bin/oxlint', '.'),
  'unused code': tool('knip/bin/knip.js', '--no-progress'),
  format: tool('oxfmt/bin/oxfmt', '--check', '.'),
};

/**
 * Everything about the sources that can be told without opening a database or a process; exactly what CI asks first. Prints a line per
 * check, and what a failed one said.
 *
 * @returns {Promise<{ passed: number, failed: number }>} tests that passed, and tests and other checks that failed
 */
export async function check() {
  const waiting = Object.entries(checks);
  const totals = { passed: 0, failed: 0 };
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, run] = next;
      const startedAt = Date.now();
      const { passed, failed, output } = await run();
      totals.passed += passed;
      totals.failed += failed;
      report(name, { failed, output, seconds: (Date.now() - startedAt) / 1000 });
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  return totals;
}

function report(name, { failed, output, seconds }) {
  console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (failed > 0) console.log(`${output}\n`);
  else if (name === 'unit tests') console.log(summaryOf(output));
}

/** The counts that vitest ends with. */
function summaryOf(output) {
  const isCount = (line) => /^\W*(?:Test Files|Tests|Duration) /.test(stripVTControlCharacters(line));
  return output.split('\n').filter(isCount).join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureInstalled();
    const { failed } = await check();
    process.exitCode = failed === 0 ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
