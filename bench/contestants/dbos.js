import { createRuns } from './runs.js';

const topic = 'word';
const daySeconds = 86_400;

/** DBOS Transact as it comes. */
export async function open({ onStep }) {
  const { DBOS } = await import('@dbos-inc/dbos-sdk');
  const runs = createRuns();
  const work = (key, name) => {
    const body = async () => {
      onStep(key);
      return { n: 1 };
    };
    return DBOS.runStep(body, { name });
  };
  const register = (name, body) =>
    DBOS.registerWorkflow(
      async (input) => {
        await body(input);
        runs.ends(input.key);
      },
      { name },
    );
  const chain = register('chain', async ({ key, steps }) => {
    for (let at = 0; at < steps; at++) await work(key, `s${at}`);
  });
  const fanOut = register('fanOut', ({ key, items }) => Promise.all(Array.from({ length: items }, (_, at) => work(key, `s${at}`))));
  const word = register('word', async ({ key }) => {
    runs.rests(key);
    await DBOS.recv(topic, daySeconds);
  });
  const sleeper = register('sleeper', async ({ key }) => {
    runs.rests(key);
    await DBOS.sleep(daySeconds * 1_000);
  });
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL, logLevel: 'error' });
  await DBOS.launch();

  const start = (workflow, input) => (key) => DBOS.startWorkflow(workflow, { workflowID: key })({ key, ...input });
  return {
    run: (steps) => runs.run(start(chain, { steps })),
    fanOut: (items) => runs.run(start(fanOut, { items })),
    sleep: async () => (await runs.start(start(sleeper))).resting,
    async waitForWord() {
      const { key, resting, ended } = await runs.start(start(word));
      await resting;
      return { resume: () => DBOS.send(key, 'go', topic).then(() => ended) };
    },
    close: () => DBOS.shutdown(),
  };
}
