// The flows under load, for a host process: see E2E_FLOWS in test/fixtures/app/host.mjs.
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { openEngine, Result } from 'pawl';

const flows = JSON.parse(readFileSync(new URL('load.json', import.meta.url), 'utf8'));

/** An effect outside, as a step of the workflows has it: a line when the body begins, one when it is over. Gives a mark of its own. */
const worker = {
  type: 'work',
  async execute({ input, execution, attempt, idempotencyKey }) {
    const mark = randomUUID();
    // Each start of a body has a number of its own: a redelivery is no attempt.
    const start = attempt * 10_000 + execution.attempt.deliveries;
    write({ kind: 'begin', mark, runId: input.tag, stepId: idempotencyKey, attempt: start, host: process.env.E2E_HOST_ID, at: now() });
    await new Promise((resolve) => setTimeout(resolve, input.bodyMs));
    write({ kind: 'end', mark, at: now() });
    return Result.success(mark);
  },
};

/** This process works on flows from now on; the function that it gives ends that. */
export async function work() {
  const engine = await openEngine({ flows, handlers: [worker] });
  await engine.start();
  return () => engine.close();
}

function now() {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function write(line) {
  appendFileSync(process.env.E2E_LEDGER, `${JSON.stringify(line)}\n`);
}
