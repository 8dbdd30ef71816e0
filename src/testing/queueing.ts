import type { MessageId, World } from '@workflow/world';
import { pendingStep, runningRun } from './arrange.ts';
import { type DeliveryRecorder, forRun, forStep } from './delivery-recorder.ts';
import { newStepId, newStepName, newTimelessRunId, newWorkflowName } from './ids.ts';
import { registerStepName } from './registered-steps.ts';

/** Queues what the SDK queues to have a run replayed: under the name of its workflow, if there is such a run. */
export async function wakeRun(world: World, runId: string): Promise<MessageId | null> {
  const workflowName = await world.runs.get(runId, { resolveData: 'none' }).then(
    (run) => run.workflowName,
    () => newWorkflowName(),
  );
  return (await world.queue(`__wkf_workflow_${workflowName}`, { runId })).messageId;
}

export interface StepAddress {
  readonly runId: string;
  readonly stepId: string;
  readonly stepName: string;
}

/** Queues a step the way a replay does: each time the run suspends, under the same key. */
export async function sendStep(world: World, address: StepAddress): Promise<MessageId | null> {
  const { stepName, stepId } = address;
  return (await world.queue(`__wkf_step_${stepName}`, stepMessage(address), { idempotencyKey: stepId })).messageId;
}

export function stepMessage({ runId, stepId }: Pick<StepAddress, 'runId' | 'stepId'>) {
  return { workflowName: 'workflow//./workflows/w//run', workflowRunId: runId, workflowStartedAt: 1_700_000_000_123, stepId };
}

/**
 * Queues messages for two other runs, one that exists and one that does not, and waits until they are answered. Whatever was queued before
 * has had its chance by then, and what was answered before is settled.
 */
export async function flowAfter(world: World, recorder: DeliveryRecorder): Promise<void> {
  for (const runId of [await runningRun(world, {}, newTimelessRunId()), newTimelessRunId()]) {
    await wakeRun(world, runId);
    await recorder.answer(forRun(runId));
  }
}

/** The same with two steps. */
export async function stepAfter(world: World, recorder: DeliveryRecorder): Promise<void> {
  const [runId, stepName] = [await runningRun(world, {}, newTimelessRunId()), registerStepName(newStepName())];
  for (const stepId of [await pendingStep(world, runId, stepName), newStepId()]) {
    await sendStep(world, { runId, stepId, stepName });
    await recorder.answer(forStep(runId, stepId));
  }
}
