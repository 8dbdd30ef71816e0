import { FlowError } from '../flow/errors.ts';
import { isTerminal } from '../world/rows.ts';
import type { FoundRun } from '../world/operator-port.ts';
import { type Audited, audited } from './audit.ts';
import { OperateError } from './errors.ts';
import { readExecution } from './get-run.ts';
import type { Operator } from './operator.ts';
import { PayloadReader } from './payload.ts';
import { findRun, isFlow, viewSummary } from './run-views.ts';
import { idOfKey, startCode, type Started } from './start-run.ts';

export interface RetryRun {
  /** Where the new execution begins; default: the step at which the old one ended. */
  readonly fromStep?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/**
 * A new execution of a flow that goes on where an ended one stopped, or at an earlier step; what was done before is not done again. Throws
 * RUN_NOT_FOUND, NOT_A_FLOW, RUN_NOT_ENDED.
 */
export function retryRun(operator: Operator, runId: string, given: RetryRun = {}): Promise<Started> {
  return audited(operator, aboutRetry(runId, given), async () => {
    const run = await findRun(operator, runId);
    expectFlow(run);
    expectEnded(run);
    return goOn(operator, runId, given);
  });
}

/** A new run of the same workflow with the same input, whether or not the old one is over; nothing of it is taken over. */
export function replayRun(operator: Operator, runId: string): Promise<Started> {
  return audited(operator, { action: 'run.replay', target: runId, scope: 'act' }, async () =>
    beginAnew(operator, await findRun(operator, runId), undefined),
  );
}

export interface TryAgain extends RetryRun {
  /** Of a flow: from its first step, with the same input. */
  readonly anew?: boolean | undefined;
}

/** Whether what was done is taken over, or nothing is. */
export type RetryKind = 'retry' | 'replay';

/**
 * A new run in the place of one that ended, whatever its kind: a flow goes on, unless it is to begin anew, and code begins anew. Throws
 * RUN_NOT_FOUND, RUN_NOT_ENDED, and NOT_A_FLOW where a step of code is named.
 */
export function tryAgain(operator: Operator, runId: string, given: TryAgain = {}): Promise<Started & { readonly how: RetryKind }> {
  return audited(operator, aboutRetry(runId, given), async () => {
    const run = await findRun(operator, runId);
    const how = howToRetry(run, given);
    return { ...(await (how === 'retry' ? goOn(operator, runId, given) : beginAnew(operator, run, given.idempotencyKey))), how };
  });
}

/** How `tryAgain` would do it. Throws what it would throw. */
export function howToRetry(run: FoundRun, { fromStep, anew = false }: Pick<TryAgain, 'fromStep' | 'anew'>): RetryKind {
  const how = fromStep !== undefined || (isFlow(run) && !anew) ? 'retry' : 'replay';
  if (how === 'retry') expectFlow(run);
  expectEnded(run);
  return how;
}

function aboutRetry(runId: string, { fromStep, anew }: TryAgain): Audited {
  const details = { ...(fromStep === undefined ? {} : { fromStep }), ...(anew === true ? { anew } : {}) };
  return { action: 'run.retry', target: runId, scope: 'act', details };
}

async function goOn(operator: Operator, runId: string, { fromStep, idempotencyKey }: RetryRun): Promise<Started> {
  const executionId = idempotencyKey === undefined ? undefined : idOfKey(`retry of ${runId} from ${fromStep ?? ''}`, idempotencyKey);
  try {
    const { execution } = await operator.engine().retry(runId, {
      ...(fromStep === undefined ? {} : { fromStepId: fromStep }),
      ...(executionId === undefined ? {} : { executionId }),
    });
    return { run: viewSummary(operator, await findRun(operator, execution.id)), created: true };
  } catch (error) {
    if (executionId === undefined || !FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    return { run: viewSummary(operator, await findRun(operator, executionId)), created: false };
  }
}

function beginAnew(operator: Operator, run: FoundRun, key: string | undefined): Promise<Started> {
  return isFlow(run) ? replayFlow(operator, run, key) : replayCode(operator, run, key);
}

async function replayFlow(operator: Operator, run: FoundRun, key: string | undefined): Promise<Started> {
  const execution = await readExecution(await operator.store(), run);
  if (!execution) throw expired(run);
  const { execution: again, created } = await operator.engine().create(execution.flowId, execution.input ?? execution.context, {
    version: execution.flowVersion,
    ...(key === undefined ? {} : { idempotencyKey: `replay of ${run.runId}: ${key}` }),
    metadata: { replayOf: run.runId },
    ...(execution.tenantId === undefined ? {} : { tenantId: execution.tenantId }),
  });
  return { run: viewSummary(operator, await findRun(operator, again.id)), created };
}

async function replayCode(operator: Operator, run: FoundRun, key: string | undefined): Promise<Started> {
  const { runId, inputSeq, workflowName } = run;
  const stored = inputSeq === null ? [] : await (await operator.store()).readPayloads([{ runId, seq: inputSeq }]);
  if (!stored[0]) throw expired(run);
  const input = await new PayloadReader(operator, run).open(stored[0]);
  if (input === undefined) {
    throw new OperateError(
      'conflict',
      'PAYLOAD_ENCRYPTED',
      `The input of run "${runId}" is encrypted, and its key is not among those of this process.`,
    );
  }
  return startCode(operator, {
    workflow: workflowName,
    input,
    executionContext: { replayOf: runId },
    idempotencyKey: key === undefined ? undefined : `replay of ${runId}: ${key}`,
  });
}

function expired({ runId }: FoundRun): OperateError {
  return new OperateError('conflict', 'RUN_EXPIRED', `The data of run "${runId}" has expired, and its input with it.`);
}

function expectFlow(run: FoundRun): void {
  if (isFlow(run)) return;
  throw new OperateError('conflict', 'NOT_A_FLOW', 'Only flows can go on from a step; a run of code can be replayed as a new one.');
}

function expectEnded({ runId, status }: FoundRun): void {
  if (isTerminal(status)) return;
  throw new OperateError('conflict', 'RUN_NOT_ENDED', `Run "${runId}" is ${status}; only one that has ended can be tried again.`);
}
