import { expectScope } from './caller.ts';
import { runNotFound } from './errors.ts';
import { explain, type Explanation, type RunSituation } from './explain.ts';
import type { Operator, RedactContext } from './operator.ts';
import { redactedText } from './redacted-text.ts';
import { findRun } from './run-views.ts';
import { readSituation } from './situation.ts';

/** Why a run is where it is, in one paragraph, and the facts behind it; throws RUN_NOT_FOUND. */
export async function explainRun(operator: Operator, runId: string): Promise<Explanation> {
  expectScope(operator.caller, 'read');
  const { workflowName } = await findRun(operator, runId);
  const situation = await readSituation(await operator.store(), runId);
  // Pruned between the two looks.
  if (!situation) throw runNotFound(runId);
  return explain(withoutSecrets(operator, { runId, workflowName }, situation));
}

/** Messages of errors, and what a handler says it waits for, are shown as everywhere: past the redaction. */
function withoutSecrets(
  operator: Operator,
  run: { readonly runId: string; readonly workflowName: string },
  situation: RunSituation,
): RunSituation {
  const shown = (name: string, text: string | null, what: RedactContext['what']) =>
    text === null ? null : redactedText(operator, name, text, { ...run, what });
  const message = (text: string | null) => shown('message', text, 'error');
  const { error, steps, flow } = situation;
  return {
    ...situation,
    error: message(error),
    steps: steps.map((step) => ({ ...step, error: message(step.error) })),
    flow: flow && {
      ...flow,
      error: message(flow.error),
      // The log of the run has it in an event.
      wait: flow.wait && { ...flow.wait, reason: shown('reason', flow.wait.reason, 'event') },
    },
  };
}
