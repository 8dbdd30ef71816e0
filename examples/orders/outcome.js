import { resultTable } from './result-table.js';

/** What became of each order: its run, its receipt and what the ledger says of its money. */
export async function collectResults({ desk, charges }) {
  const results = (await desk.runs()).map(async ({ run, order }) => {
    const receipt = run.status === 'completed' ? await desk.receiptOf(run.runId) : undefined;
    return { order, run, receipt, charges: charges.get(order.id) ?? [] };
  });
  return (await Promise.all(results)).toSorted((a, b) => a.run.createdAt - b.run.createdAt);
}

/** The table and the sentences under it. */
export function describeOutcome({ results, day, recovery }) {
  const completed = results.filter(({ run }) => run.status === 'completed');
  const orders = `${completed.length} of ${results.length} orders completed`;
  const lines = [`  ${orders}, ${chargedOnce(completed) ? 'each charged exactly once' : 'NOT each charged exactly once'}: ${day.revenue}`];
  for (const { order, reason } of failures(results)) lines.push(`  ${order.id} failed: ${reason}`);
  lines.push(`  ${describeRecovery(recovery)}`);
  lines.push(
    `  The day was closed by ${day.flow}, a workflow written as JSON: added up by a "use workflow" function, signed by ${day.signedBy}`,
  );
  return `\n${resultTable(results)}\n\n${lines.join('\n')}`;
}

/** The promise of the example: whoever got a parcel has paid for it once, whoever got none has paid at most once. */
export function isSound(results) {
  return chargedOnce(results.filter(({ run }) => run.status === 'completed')) && results.every(({ charges }) => charges.length <= 1);
}

function chargedOnce(completed) {
  return completed.every(({ receipt, charges }) => charges.length === 1 && charges[0].amountCents === receipt.totalCents);
}

function failures(results) {
  const failed = results.filter(({ run }) => run.status !== 'completed');
  return failed.map(({ order, run }) => ({ order, reason: run.error?.message ?? run.status }));
}

function describeRecovery(recovery) {
  if (!recovery) return 'No worker was killed: less than half of the orders came to be charged';
  const { steps, firstMs, lastMs } = recovery;
  if (steps === 0) return 'Recovery time: none, the kill met no step in flight';
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  const spread = steps === 1 ? 'it ran again' : `the first ran again after ${seconds(firstMs)}, the last`;
  return `Recovery time: the kill cut off ${steps === 1 ? 'one step' : `${steps} steps`}; ${spread} after ${seconds(lastMs)}`;
}
