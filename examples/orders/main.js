import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDemoFolder } from './demo-folder.js';
import { runDay } from './day.js';
import { readCharges } from './ledger.js';
import { collectResults, describeOutcome, isSound } from './outcome.js';
import { OrdersFileError, readOrders } from './read-orders.js';
import { createView } from './view.js';
import { createWorkforce } from './workforce.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ending = new AbortController();
/** What has to be closed at the end, in the order it was opened. */
const opened = [];

process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));
main(process.argv[2]).catch((error) => {
  if (ending.signal.aborted) return;
  console.error(error instanceof OrdersFileError ? error.message : error);
  void end(1);
});

async function main(ownFile) {
  const file = ownFile ? resolve(process.env.ORDERS_CALLED_FROM ?? '', ownFile) : join(root, 'examples', 'orders', 'orders.json');
  const orders = await readOrders(file);
  const demo = await createDemoFolder(root);
  useWorldIn(demo);
  // The SDK looks for its World as soon as it is imported, so not before now.
  const { getWorld } = await import('workflow/runtime');
  const { closeDay } = await import('./close-day.js');
  const { openDesk } = await import('./desk.js');
  const { measureRecovery } = await import('./recovery.js');
  const { serveDashboard } = await import('./dashboard.js');

  const dashboard = await serveDashboard();
  opened.push({ close: () => getWorld().close?.() }, dashboard);
  console.log(`\n${orders.length} orders from ${basename(file)}, on ${relative(root, demo.database)}`);
  console.log(`Watch them: ${dashboard.url}\n`);
  const view = createView({ total: orders.length });
  const workforce = createWorkforce({ logFile: demo.workerLog });
  const desk = openDesk({ orders, onProgress: view.progress, signal: ending.signal });
  opened.push(workforce, desk);
  const { killedAt } = await runDay({ orders, desk, workforce, ledger: demo.charges, view, signal: ending.signal });
  view.end();

  const results = await collectResults({ desk, charges: readCharges(demo.charges) });
  const receipts = results.flatMap(({ receipt }) => receipt ?? []);
  const day = await closeDay(receipts);
  const runIds = results.map(({ run }) => run.runId);
  const recovery = killedAt && (await measureRecovery(runIds, killedAt));
  console.log(describeOutcome({ results, day, recovery }));
  if (!isSound(results)) throw new Error(`The ledger does not match the runs; see ${demo.charges}`);

  console.log(`\n  Look closer:  WORKFLOW_PAWL_URL=sqlite:${demo.database} npx workflow inspect runs --backend pawl`);
  console.log('  Ctrl-C ends it.\n');
  console.log(`Pawl is ready: ${dashboard.url}`);
  await workforce.failure;
}

/** Points the SDK, here and in the workers, at this demo's own database. */
function useWorldIn(demo) {
  process.env.WORKFLOW_TARGET_WORLD = 'pawl';
  process.env.WORKFLOW_PAWL_URL = `sqlite:${demo.database}`;
  // A dead worker's work is taken over when its lease has expired; 10 s by default.
  process.env.WORKFLOW_PAWL_LEASE_MS ??= '3000';
  process.env.ORDERS_OUTSIDE_DIR = demo.folder;
}

async function end(exitCode) {
  // A signal may come twice, from the terminal and from npm.
  if (ending.signal.aborted) return;
  ending.abort();
  for (const resource of opened.toReversed()) {
    await Promise.resolve(resource.close()).catch((error) => console.error(error));
  }
  process.exit(exitCode);
}
