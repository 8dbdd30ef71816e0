import { createRuns } from './runs.js';

/** DBOS Transact as it comes. */
export async function open({ onStep }) {
  const { DBOS } = await import('@dbos-inc/dbos-sdk');
  const runs = createRuns();
  const chain = DBOS.registerWorkflow(
    async ({ key, steps }) => {
      for (let at = 0; at < steps; at++) {
        const body = async () => {
          onStep(key);
          return { n: 1 };
        };
        await DBOS.runStep(body, { name: `s${at}` });
      }
      runs.ended(key);
    },
    { name: 'chain' },
  );
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL, logLevel: 'error' });
  await DBOS.launch();
  return {
    run: (steps) => runs.start((key) => DBOS.startWorkflow(chain)({ key, steps })),
    close: () => DBOS.shutdown(),
  };
}
