import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './setup.js';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  await ensureInstalled();
  const routes = await buildWhatIsStale();
  process.exitCode = await runExample(routes, process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function buildWhatIsStale() {
  // Imported late: before the installation there is nothing to build with.
  const { build } = await import('./build.js');
  const { buildWorkflows } = await import('./build-workflows.js');
  const startedAt = Date.now();
  const dist = await build();
  const routes = await buildWorkflows(`${root}examples/orders`, `${root}.tmp/workflows/orders`);
  if (dist.rebuilt || routes.rebuilt) console.log(`Built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return routes;
}

/** The example runs in a process of its own, which ends by itself when it is told to. */
function runExample({ flow, step }, args) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', `${root}examples/orders/main.js`, ...args], {
    cwd: root,
    env: {
      ...process.env,
      ORDERS_FLOW_ROUTE: flow,
      ORDERS_STEP_ROUTE: step,
      ORDERS_CALLED_FROM: process.env.INIT_CWD ?? process.cwd(),
    },
    stdio: 'inherit',
  });
  // Ctrl-C reaches the child as well; a SIGTERM may be meant for this process only.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}
