import { createRequire, isBuiltin, Module } from 'node:module';
import { createRuns } from './runs.js';

/** OpenWorkflow as it comes, with as many runs at once as are asked for. */
export async function open({ onStep }) {
  const { OpenWorkflow } = await import('openworkflow');
  const backend = await connect();
  const client = new OpenWorkflow({ backend });
  const runs = createRuns();
  const define = (name, body) =>
    client.defineWorkflow({ name }, async ({ input, step }) => {
      const work = (at) =>
        step.run({ name: `s${at}` }, () => {
          onStep(input.key);
          return { n: 1 };
        });
      await body({ ...input, step, work });
      runs.ends(input.key);
    });
  const chain = define('chain', async ({ steps, work }) => {
    for (let at = 0; at < steps; at++) await work(at);
  });
  const fanOut = define('fanOut', ({ items, work }) => Promise.all(Array.from({ length: items }, (_, at) => work(at))));
  const word = define('word', async ({ key, step }) => {
    runs.rests(key);
    await step.waitForSignal({ signal: key });
  });
  const sleeper = define('sleeper', async ({ key, step }) => {
    runs.rests(key);
    await step.sleep('night', '1d');
  });
  const worker = client.newWorker({ concurrency: 50 });
  await worker.start();

  const start = (workflow, input) => (key) => workflow.run({ key, ...input });
  return {
    run: (steps) => runs.run(start(chain, { steps })),
    fanOut: (items) => runs.run(start(fanOut, { items })),
    sleep: async () => (await runs.start(start(sleeper))).resting,
    async waitForWord() {
      const { key, resting, ended } = await runs.start(start(word));
      await resting;
      return { resume: () => client.sendSignal({ signal: key, data: 'go' }).then(() => ended) };
    },
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
