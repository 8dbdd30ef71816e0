import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { getStepMetadata, getWorkflowMetadata } from 'workflow';

/** An effect outside: a line when the body begins, and one when it is over. Gives a mark that no other body gives. */
export async function perform(bodyMs: number): Promise<string> {
  const mark = randomUUID();
  const { stepId, attempt } = getStepMetadata();
  const { workflowRunId: runId } = getWorkflowMetadata();
  write({ kind: 'begin', mark, runId, stepId, attempt, host: process.env['E2E_HOST_ID'], at: now() });
  await new Promise((resolve) => setTimeout(resolve, bodyMs));
  write({ kind: 'end', mark, at: now() });
  return mark;
}

/** By the clock that all processes of this machine share and nobody sets. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** In the hands of the kernel before the body goes on: a SIGKILL cannot lose it, and lines of several processes never mix. */
function write(line: object): void {
  appendFileSync(String(process.env['E2E_LEDGER']), `${JSON.stringify(line)}\n`);
}
