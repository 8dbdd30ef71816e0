import { readFile } from 'node:fs/promises';
import { defineHandler, Result } from 'pawl';
import { TestHarness } from 'pawl/testing';
import { runAsProgram } from './run-as-program.js';

/**
 * Three people are asked, each by a link with a token. One says yes, one says no, and one never answers: after three
 * days the flow goes on without them. The harness has a virtual clock, so the three days pass at once.
 */
export async function main({ log }) {
  const links = [];
  const notify = defineHandler({
    type: 'notify',
    execute({ input, idempotencyKey }) {
      log(`To the approver: ${input.text} https://example.com/approve?token=…${input.token.slice(-6)} (${idempotencyKey})`);
      links.push(input.token);
      return Result.success();
    },
  });
  const flow = JSON.parse(await readFile(new URL('approval.flow.json', import.meta.url), 'utf8'));
  const harness = new TestHarness({ flows: [flow], handlers: [notify] });

  const executions = [];
  for (const request of ['a new chair', 'a yacht', 'a day off']) executions.push(await harness.run('approval', { request }));
  await harness.resume({ token: links[0] }, { approved: true, by: 'Grace' });
  await harness.resume({ token: links[1] }, { approved: false, by: 'Grace' });
  await harness.simulateTime(3 * 24 * 60 * 60 * 1_000);

  const outcomes = [];
  for (const { id } of executions) {
    const { context, output } = await harness.getExecution(id);
    log(`${context.request}: ${output}`);
    outcomes.push(output);
  }
  return outcomes;
}

await runAsProgram(import.meta.url, main);
