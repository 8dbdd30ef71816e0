import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { defineFlow, openEngine } from 'pawl';
import { databaseUrl, runAsProgram } from './run-as-program.js';

const secret = 'whsec_example';

const payment = defineFlow({
  id: 'payment-received',
  version: '1.0.0',
  initialStepId: 'sort',
  steps: {
    sort: {
      type: 'switch',
      config: {
        cases: [
          { name: 'large', if: 'amount >= 1000', goTo: 'review' },
          { name: 'small', if: 'amount < 1000', goTo: 'book' },
        ],
      },
      input: { type: 'full' },
      outputKey: 'sorted',
      transitions: { onSuccess: null },
    },
    review: {
      type: 'log',
      config: { message: 'needs a review' },
      input: { type: 'full' },
      transitions: { onSuccess: 'book' },
    },
    book: {
      type: 'transform',
      config: { expression: '"booked " & amount & " " & currency' },
      input: { type: 'full' },
      outputKey: 'booking',
      transitions: { onSuccess: null },
    },
  },
  output: { type: 'key', key: 'booking' },
});

/** A signed webhook, delivered twice as such senders do, and one from somebody else. */
export async function main({ log, url: database = databaseUrl }) {
  const engine = await openEngine({ url: database, flows: [payment], secrets: () => secret });
  await engine.triggers.register({
    type: 'http',
    id: 'payments',
    flowId: 'payment-received',
    path: '/hooks/payments',
    signature: { header: 'x-signature', prefix: 'sha256=', secret: { env: 'PAYMENTS_SECRET' } },
    schema: { type: 'object', required: ['id', 'amount', 'currency'] },
    idempotencyKeyHeader: 'x-delivery',
    transform: 'body',
  });
  await engine.start();
  const server = createServer((request, response) => void serve(engine.triggers, request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const url = `http://127.0.0.1:${server.address().port}/hooks/payments`;
  const delivery = randomUUID();
  const body = JSON.stringify({ id: 'pay_1', amount: 1_250, currency: 'EUR' });
  const send = (key) => {
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-signature': signature, 'x-delivery': delivery };
    return fetch(url, { method: 'POST', body, headers });
  };
  const answers = [await send(secret), await send(secret), await send('guessed')];
  const { executionId } = await answers[0].json();
  const { status, output } = await engine.waitFor(executionId, { timeoutMs: 10_000 });
  await new Promise((resolve) => server.close(resolve));
  await engine.close();

  log(`answers: ${answers.map((answer) => answer.status).join(', ')}`);
  log(`${status}: ${output}`);
  return { statuses: answers.map((answer) => answer.status), output };
}

async function serve(triggers, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const { status, body } = await triggers.handle({
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    rawBody: Buffer.concat(chunks),
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

await runAsProgram(import.meta.url, main);
