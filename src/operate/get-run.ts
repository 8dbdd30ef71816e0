import type { z } from 'zod';
import { decodeExecution } from '../flow/world/decode-execution.ts';
import type { Execution } from '../flow/types.ts';
import type { FoundRun } from '../world/operator-port.ts';
import type { Store } from '../world/port.ts';
import { isTerminal } from '../world/rows.ts';
import { expectScope, mayDo } from './caller.ts';
import type { Operator } from './operator.ts';
import { noPayload, type Payload, PayloadReader } from './payload.ts';
import { findRun, instant, isFlow, viewError, viewSummary } from './run-views.ts';
import type { runActionSchema, runDetailSchema } from './schemas/runs.ts';

export type RunDetail = z.infer<typeof runDetailSchema>;
export type RunAction = z.infer<typeof runActionSchema>;

/** Everything about one run but its lists; throws RUN_NOT_FOUND. */
export async function getRun(operator: Operator, runId: string): Promise<RunDetail> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const store = await operator.store();
  const [counts, execution, [input, output]] = await Promise.all([
    store.operator.countEntities(runId),
    readExecution(store, run),
    showEnds(operator, store, run),
  ]);
  return {
    ...viewSummary(operator, run),
    input,
    output,
    error: viewError(operator, run, run.error),
    flow: execution ? flowState(execution) : null,
    retryOf: textOf(execution?.metadata?.['retryOf']),
    parentId: execution?.parentExecutionId ?? null,
    counts: { events: run.lastSeq, ...counts },
    actions: await possibleActions(operator, store, { run, execution }),
  };
}

/** The execution of a flow, frozen; undefined for runs of code, and for flows whose data has expired. */
export async function readExecution(store: Store, run: FoundRun): Promise<Execution | undefined> {
  const rows = isFlow(run) ? await store.flows.readExecution(run.runId) : undefined;
  return rows && decodeExecution(rows);
}

async function showEnds(operator: Operator, store: Store, run: FoundRun): Promise<readonly [Payload, Payload]> {
  const reader = new PayloadReader(operator, run);
  const { runId, inputSeq, outputSeq } = run;
  const show = async (seq: number | null, what: 'input' | 'output') => {
    if (seq === null) return noPayload;
    const [stored] = await store.readPayloads([{ runId, seq }]);
    return reader.show(stored, what);
  };
  return Promise.all([show(inputSeq, 'input'), show(outputSeq, 'output')]);
}

function flowState({ flowId, flowVersion, currentStepId, history, attempt }: Execution): RunDetail['flow'] {
  const done = history.map(({ stepId, status, visit = 1, completedAt }) => ({ stepId, status, visit, at: instant(completedAt) }));
  const open = attempt
    ? [{ stepId: attempt.stepId, status: openStatus[attempt.status], visit: attempt.visit, at: instant(attempt.startedAt) }]
    : [];
  return { flowId, version: flowVersion, currentStep: currentStepId, path: [...done, ...open] };
}

const openStatus = { started: 'running', retrying: 'retrying', waiting: 'waiting' } as const;

async function possibleActions(
  { caller }: Operator,
  store: Store,
  { run, execution }: { readonly run: FoundRun; readonly execution: Execution | undefined },
): Promise<RunAction[]> {
  if (!mayDo(caller, 'act')) return [];
  const replay: RunAction[] = run.inputSeq === null ? [] : ['replay'];
  if (isTerminal(run.status)) return execution ? ['retry', ...replay] : replay;
  const [hook] = await store.listHooks({ runId: run.runId, after: undefined, order: 'asc', limit: 1 });
  const resumable = execution ? execution.status === 'waiting' && execution.join === undefined : hook !== undefined;
  return ['cancel', 'wake', ...(resumable ? (['resume'] as const) : []), ...replay];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
