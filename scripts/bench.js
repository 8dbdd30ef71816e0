import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './setup.js';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  await ensureInstalled();
  await bench(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function bench(args) {
  // Imported late: before the installation there is nothing to import.
  const { readOptions, usage } = await import('../bench/options.js');
  if (args.includes('--help')) return console.log(usage);
  const options = readOptions(args);

  const { build } = await import('./build.js');
  const { buildWorkflows } = await import('./build-workflows.js');
  const { runBench } = await import('../bench/main.js');
  if (options.plan.length === 0) return await runBench(options);
  await build();
  const { flow, step } = await buildWorkflows(`${root}bench/app`, `${root}.tmp/workflows/bench`);
  await runBench({ ...options, routes: { flowRoute: flow, stepRoute: step }, args });
}
