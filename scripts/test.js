import { ensureInstalled } from './setup.js';

const startedAt = Date.now();
try {
  await ensureInstalled();
  const { passed, failed } = await test();
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  console.log(`\n${passed} passed, ${failed} failed (in ${seconds} s)`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** The checks of the sources, then the built package: its contract on real stores, and real processes. */
async function test() {
  // Imported late: before the installation there is nothing to test with.
  const { check } = await import('./check.js');
  const { build } = await import('./build.js');
  const { runTests } = await import('./run-tests.js');
  const sources = await check();
  await build();
  const whole = await runTests(['contract', 'e2e'], { show: true });
  return { passed: sources.passed + whole.passed, failed: sources.failed + whole.failed };
}
