import { expectScope } from '../operate/caller.ts';
import { OperateError } from '../operate/errors.ts';
import { claimedTitle, type FlowCheck, getFlowVersion } from '../operate/flows.ts';
import { getRun, type RunAction, type RunDetail } from '../operate/get-run.ts';
import { openHook } from '../operate/open-hook.ts';
import type { Operator } from '../operate/operator.ts';
import { howToRetry } from '../operate/retry-run.ts';
import { findRun } from '../operate/run-views.ts';
import { planStart, type StartRun } from '../operate/start-run.ts';

/** What an act would do, in a sentence. Where it could not be done, the error is the one that the act itself would give. */
export interface DryRun {
  readonly dryRun: true;
  readonly would: string;
  readonly runId?: string;
}

export async function wouldStart(operator: Operator, given: StartRun): Promise<DryRun> {
  expectScope(operator.caller, 'act');
  const plan = await planStart(operator, given);
  if (plan.existing === null) return { dryRun: true, would: `start a run of ${plan.workflow}` };
  return { dryRun: true, would: `find run ${plan.existing}, which has this idempotency key`, runId: plan.existing };
}

export async function wouldCancel(operator: Operator, runId: string): Promise<DryRun> {
  const run = await actable(operator, runId);
  if (run.status === 'cancelled') return { dryRun: true, would: 'do nothing: the run is cancelled already', runId };
  expectPossible(run, 'cancel');
  return { dryRun: true, would: `cancel the run, which is ${run.status}`, runId };
}

export async function wouldResume(
  operator: Operator,
  runId: string,
  { hookId }: { readonly hookId?: string | undefined },
): Promise<DryRun> {
  const run = await actable(operator, runId);
  expectPossible(run, 'resume');
  if (hookId !== undefined || run.kind === 'code') await openHook(operator, await findRun(operator, runId), hookId);
  return { dryRun: true, would: hookId === undefined ? 'resume the run' : `give hook ${hookId} the data`, runId };
}

export async function wouldRetry(
  operator: Operator,
  runId: string,
  { fromStep }: { readonly fromStep?: string | undefined },
): Promise<DryRun> {
  const run = await actable(operator, runId);
  if (howToRetry(await findRun(operator, runId), { fromStep }) === 'replay') {
    expectPossible(run, 'replay');
    return { dryRun: true, would: 'start a new run with the same input', runId };
  }
  expectPossible(run, 'retry');
  const { flowId, version, currentStep } = run.flow ?? { flowId: '', version: '', currentStep: null };
  const { graph } = await getFlowVersion(operator, flowId, version);
  const from = fromStep ?? currentStep ?? graph.initial;
  if (graph.nodes.some(({ id }) => id === from)) return { dryRun: true, would: `start a new run that goes on from step "${from}"`, runId };
  throw new OperateError('invalid', 'INVALID_INPUT', `Flow ${flowId}@${version} has no step "${from}".`);
}

export function wouldRegister(operator: Operator, definition: Readonly<Record<string, unknown>>, check: FlowCheck): DryRun & FlowCheck {
  expectScope(operator.caller, 'admin');
  return { dryRun: true, would: `${check.valid ? 'keep' : 'refuse'} flow ${claimedTitle(definition)}`, ...check };
}

async function actable(operator: Operator, runId: string): Promise<RunDetail> {
  expectScope(operator.caller, 'act');
  return getRun(operator, runId);
}

function expectPossible({ runId, status, kind, actions }: RunDetail, action: RunAction): void {
  if (actions.includes(action)) return;
  const can = actions.length === 0 ? 'nothing can be done with it' : `possible is ${actions.join(', ')}`;
  throw new OperateError('conflict', 'NOT_POSSIBLE', `Run "${runId}" (${kind}) is ${status}, so it cannot ${action}; ${can}.`);
}
