import { createRequire, isBuiltin, Module } from 'node:module';
import { createRuns } from './runs.js';

/** OpenWorkflow as it comes, with as many runs at once as are asked for. */
export async function open({ onStep }) {
  const { OpenWorkflow } = await import('openworkflow');
  const backend = await connect();
  const client = new OpenWorkflow({ backend });
  const runs = createRuns();
  const workflow = client.defineWorkflow({ name: 'chain' }, async ({ input: { key, steps }, step }) => {
    for (let at = 0; at < steps; at++) {
      await step.run({ name: `s${at}` }, () => {
        onStep(key);
        return { n: 1 };
      });
    }
    runs.ended(key);
  });
  const worker = client.newWorker({ concurrency: 50 });
  await worker.start();
  return {
    run: (steps) => runs.start((key) => workflow.run({ key, steps })),
    async close() {
      await worker.stop();
      await backend.stop();
    },
  };
}

async function connect() {
  const { OPENWORKFLOW_SQLITE: file, OPENWORKFLOW_POSTGRES: url } = process.env;
  if (file) {
    lendSqlite();
    const { BackendSqlite } = await import('openworkflow/sqlite');
    const backend = BackendSqlite.connect(file);
    // What each commit is here, and with Node's own driver; the lent one would wait for the disk at checkpoints only.
    backend.db.exec('pragma synchronous = full');
    return backend;
  }
  const { BackendPostgres } = await import('openworkflow/postgres');
  return BackendPostgres.connect(url);
}

/** Before Node 22 there is no `node:sqlite`; then it gets the driver that Pawl has there, which has the same interface. */
function lendSqlite() {
  if (isBuiltin('node:sqlite')) return;
  const { resolve } = createRequire(import.meta.url);
  const load = Module._load;
  Module._load = (name, ...rest) => load(name === 'node:sqlite' ? resolve('@photostructure/sqlite') : name, ...rest);
}
