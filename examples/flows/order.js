import { defineFlow, openEngine, Result } from 'pawl';
import { databaseUrl, runAsProgram } from './run-as-program.js';

const input = { type: 'full' };

/** Money and goods move forward; `onFailure` and `metadata.onCancel` lead to the steps that move them back. */
const order = defineFlow({
  id: 'order',
  version: '1.0.0',
  initialStepId: 'reserve',
  steps: {
    reserve: { type: 'reserve', input, outputKey: 'reservation', transitions: { onSuccess: 'charge' } },
    charge: {
      type: 'charge',
      input,
      outputKey: 'payment',
      retries: { maxAttempts: 2, backoff: 'exponential', initialDelay: 20, jitter: true },
      transitions: { onSuccess: 'pack', onFailure: 'release' },
    },
    pack: {
      type: 'wait',
      config: { reason: 'the warehouse packs' },
      input,
      transitions: { onSuccess: null, onResume: 'ship' },
    },
    ship: { type: 'ship', input, outputKey: 'parcel', transitions: { onSuccess: null } },
    refund: { type: 'refund', input, transitions: { onSuccess: 'release' } },
    release: { type: 'release', input, transitions: { onSuccess: null } },
  },
  metadata: { onCancel: 'refund' },
});

/** Three orders: one goes through, one cannot be paid, one is cancelled while the warehouse packs it. */
export async function main({ log, url = databaseUrl }) {
  const ledger = [];
  const book = (type, answer = () => Result.success({ done: type })) => ({
    type,
    async execute(params) {
      const result = answer(params);
      if (result.type === 'success') ledger.push(`${params.context.order} ${type}`);
      return result;
    },
  });
  const declined = Result.failure({ code: 'CARD_DECLINED', message: 'The card was declined.', retryable: false });
  const busy = Result.failure({ code: 'GATEWAY_BUSY', message: 'The gateway is busy.' });
  const charge = book('charge', ({ context, attempt }) => {
    if (context.order === 'B') return declined;
    return attempt === 1 ? busy : Result.success({ charged: 42 });
  });
  const handlers = [charge, ...['reserve', 'ship', 'refund', 'release'].map((type) => book(type))];
  const engine = await openEngine({ url, handlers, flows: [order] });
  await engine.start();
  const undoing = new Promise((resolve) => {
    engine.on('execution:created', ({ id, metadata }) => metadata?.compensates && resolve(id));
  });

  const start = async (name) => (await engine.create('order', { order: name })).execution.id;
  const [a, b, c] = [await start('A'), await start('B'), await start('C')];
  for (const id of [a, c]) await engine.waitFor(id, { until: ['waiting'], timeoutMs: 10_000 });
  await engine.resume(a);
  await engine.cancel(c, { source: 'user', reason: 'The customer changed their mind.' });
  const ended = await Promise.all([a, b, c].map((id) => engine.waitFor(id, { timeoutMs: 10_000 })));
  await engine.waitFor(await undoing, { timeoutMs: 10_000 });
  await engine.close();

  for (const { context, status } of ended) log(`order ${context.order}: ${status}`);
  for (const line of ledger) log(`  ${line}`);
  return { statuses: ended.map(({ status }) => status), ledger };
}

await runAsProgram(import.meta.url, main);
