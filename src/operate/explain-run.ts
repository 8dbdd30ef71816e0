import { expectScope } from './caller.ts';
import { runNotFound } from './errors.ts';
import { explain, type Explanation, type RunSituation } from './explain.ts';
import type { Operator } from './operator.ts';
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

/** Messages of errors are shown as everywhere: past the redaction. */
function withoutSecrets(
  { redact }: Operator,
  run: { readonly runId: string; readonly workflowName: string },
  situation: RunSituation,
): RunSituation {
  if (!redact) return situation;
  const shown = (message: string | null): string | null => {
    if (message === null) return null;
    const { message: text } = (redact({ message }, { ...run, what: 'error' }) ?? {}) as { readonly message?: unknown };
    return typeof text === 'string' ? text : '(redacted)';
  };
  return {
    ...situation,
    error: shown(situation.error),
    steps: situation.steps.map((step) => ({ ...step, error: shown(step.error) })),
    flow: situation.flow && { ...situation.flow, error: shown(situation.flow.error) },
  };
}
