import { FlowError } from '../flow/errors.ts';
import { isTerminal } from '../world/rows.ts';
import type { FoundRun } from '../world/operator-port.ts';
import { audited } from './audit.ts';
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

/** A new execution of a flow that goes on where an ended one stopped, or at an earlier step; what was done before is not done again. */
export function retryRun(operator: Operator, runId: string, { fromStep, idempotencyKey }: RetryRun = {}): Promise<Started> {
  const about = { action: 'run.retry', target: runId, scope: 'act', details: fromStep === undefined ? {} : { fromStep } } as const;
  return audited(operator, about, async () => {
    const run = await findRun(operator, runId);
    if (!isFlow(run)) {
      const rule = 'Only flows can go on from a step; a run of code can be replayed as a new one.';
      throw new OperateError('conflict', 'NOT_A_FLOW', rule);
    }
    if (!isTerminal(run.status)) throw notEnded(run);
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
  });
}

/** A new run of the same workflow with the same input; nothing of the old one is taken over. */
export function replayRun(operator: Operator, runId: string, { idempotencyKey }: Pick<RetryRun, 'idempotencyKey'> = {}): Promise<Started> {
  return audited(operator, { action: 'run.replay', target: runId, scope: 'act' }, async () => {
    const run = await findRun(operator, runId);
    return isFlow(run) ? replayFlow(operator, run, idempotencyKey) : replayCode(operator, run, idempotencyKey);
  });
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

function notEnded({ runId, status }: FoundRun): OperateError {
  return new OperateError('conflict', 'RUN_NOT_ENDED', `Run "${runId}" is ${status}; only one that has ended can be tried again.`);
}
