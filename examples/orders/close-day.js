import { readFile } from 'node:fs/promises';
import { openEngine } from 'pawl';

const flowFile = new URL('flows/close-day.flow.json', import.meta.url);
// A file of the user's own may hold a great many orders.
const contextLimits = { maxValueBytes: 64 * 2 ** 20, maxTotalBytes: 256 * 2 ** 20 };

/**
 * Closes the day by a flow, a workflow written as JSON, in the same database as the orders. Its first step calls the "use workflow" function
 * `closeDay`, which the workers carry out; its second waits until the desk has signed.
 */
export async function closeDay(receipts) {
  const flow = JSON.parse(await readFile(flowFile, 'utf8'));
  const engine = await openEngine({ flows: [flow], contextLimits });
  engine.on('execution:waiting', async ({ id, currentStepId }) => {
    if (currentStepId === 'sign') await engine.resume(id, { by: 'the desk' });
  });
  try {
    await engine.start();
    const sums = receipts.map(({ currency, totalCents }) => ({ currency, totalCents }));
    const { execution } = await engine.create(flow.id, { receipts: sums });
    const { status, output, error, history } = await engine.waitFor(execution.id);
    if (status !== 'completed') throw new Error(`The day was not closed: ${error?.message ?? status}`);
    return { ...output, flow: `flow//${flow.id}@${flow.version}`, steps: history.length };
  } finally {
    await engine.close();
  }
}
