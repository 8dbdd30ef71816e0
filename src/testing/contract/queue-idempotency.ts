import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { advanceUntil } from '../advance-until.ts';
import { deliverableStep, pendingStep, runningRun } from '../arrange.ts';
import { deferred } from '../deferred.ts';
import { forRun, forStep, recordDeliveries } from '../delivery-recorder.ts';
import { newRunId, newStepId, newStepName, newWorkflowName } from '../ids.ts';
import { sendStep, stepAfter } from '../queueing.ts';
import { registerStepName } from '../registered-steps.ts';
import type { Contract } from './contract.ts';

export function queueIdempotency(contract: Contract): void {
  describe('idempotency keys', () => {
    for (const home of ['that exists', 'that does not exist'] as const) {
      describe(`of a step ${home}`, () => {
        stepKeyPolicies(contract, home);
      });
    }
    describe('of steps that have run', () => {
      usedStepPolicies(contract);
    });
    describe('of workflow messages', () => {
      workflowKeyPolicies(contract);
    });
  });
}

function stepKeyPolicies({ policy }: Contract, home: 'that exists' | 'that does not exist'): void {
  const arrange = async (world: World) => {
    const runId = await runningRun(world);
    const stepName = registerStepName(newStepName());
    const stepId = home === 'that exists' ? await pendingStep(world, runId, stepName) : newStepId();
    return { runId, stepId, stepName, send: () => sendStep(world, { runId, stepId, stepName }) };
  };

  policy(`a step ${home} that is queued many times before a worker starts is one message`, async ({ world }) => {
    const { runId, stepId, send } = await arrange(world);
    const ids = [await send(), await send(), ...(await Promise.all([send(), send(), send()]))];
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^msg_/);
    const steps = recordDeliveries(world, '__wkf_step_');
    await world.start?.();
    expect((await steps.arrival(forStep(runId, stepId))).messageId).toBe(ids[0]);
    await stepAfter(world, steps);
    expect(steps.deliveries.filter(forStep(runId, stepId))).toHaveLength(1);
  });

  policy(`a step ${home} that is queued again while it runs is the same message`, async ({ world }) => {
    const { runId, stepId, send } = await arrange(world);
    const [entered, leave] = [deferred(), deferred()];
    const steps = recordDeliveries(world, '__wkf_step_', async (delivery) => {
      if (!forStep(runId, stepId)(delivery)) return;
      entered.resolve();
      await leave.promise;
      if (home === 'that exists') await world.events.create(runId, build.stepCompleted(stepId));
    });
    await world.start?.();
    const first = await send();
    await entered.promise;
    expect(await send()).toBe(first);
    await stepAfter(world, steps);
    leave.resolve();
    await stepAfter(world, steps);
    expect(steps.deliveries.filter(forStep(runId, stepId))).toHaveLength(1);
  });

  policy(`the key of a step ${home} is scoped by its run`, async ({ world }) => {
    const { runId, stepId, stepName, send } = await arrange(world);
    const other = await runningRun(world);
    if (home === 'that exists') await world.events.create(other, build.stepCreated(stepId, { stepName }));
    const steps = recordDeliveries(world, '__wkf_step_');
    await world.start?.();
    const [first, second] = [await send(), await sendStep(world, { runId: other, stepId, stepName })];
    expect(second).not.toBe(first);
    await steps.arrival(forStep(runId, stepId));
    await steps.arrival(forStep(other, stepId));
  });
}

function usedStepPolicies({ policy, timedPolicy }: Contract): void {
  for (const end of ['completed', 'failed'] as const) {
    policy(`a step that has ${end} is not delivered again, however often it is queued`, async ({ world }) => {
      const { runId, stepName, stepId } = await deliverableStep(world);
      const settled = deferred();
      const steps = recordDeliveries(world, '__wkf_step_', async (delivery) => {
        if (!forStep(runId, stepId)(delivery)) return;
        await world.events.create(runId, build.stepStarted(stepId));
        await world.events.create(runId, end === 'completed' ? build.stepCompleted(stepId) : build.stepFailed(stepId));
        settled.resolve();
      });
      await world.start?.();
      await sendStep(world, { runId, stepId, stepName });
      await settled.promise;
      for (let again = 0; again < 5; again += 1) await sendStep(world, { runId, stepId, stepName });
      await stepAfter(world, steps);
      expect(steps.deliveries.filter(forStep(runId, stepId))).toHaveLength(1);
    });
  }

  policy('a step that was acknowledged without an end is delivered again when it is queued again', async ({ world }) => {
    const { runId, stepName, stepId } = await deliverableStep(world);
    const steps = recordDeliveries(world, '__wkf_step_');
    await world.start?.();
    await sendStep(world, { runId, stepId, stepName });
    await steps.arrival(forStep(runId, stepId));
    // The acknowledgement may still be under way; a replay would queue the step again and again as well.
    let again = false;
    void steps.arrival(forStep(runId, stepId), 2).then(() => (again = true));
    while (!again) {
      await sendStep(world, { runId, stepId, stepName });
      await stepAfter(world, steps);
    }
  });

  timedPolicy('queueing a step again does not shorten the time it has to wait', async ({ world, clock }) => {
    const { runId, stepName, stepId } = await deliverableStep(world);
    const arrivedAt: number[] = [];
    const steps = recordDeliveries(world, '__wkf_step_', async (delivery) => {
      if (!forStep(runId, stepId)(delivery)) return;
      arrivedAt.push(clock.now());
      if (arrivedAt.length > 1) return;
      await world.events.create(runId, build.stepStarted(stepId));
      await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: new Date(clock.now() + 30_000) }));
      return { timeoutSeconds: 30 };
    });
    await world.start?.();
    await sendStep(world, { runId, stepId, stepName });
    await steps.answer(forStep(runId, stepId));
    await stepAfter(world, steps);
    for (let again = 0; again < 3; again += 1) await sendStep(world, { runId, stepId, stepName });
    await stepAfter(world, steps);
    await advanceUntil(clock, steps.arrival(forStep(runId, stepId), 2));
    expect(Number(arrivedAt[1]) - Number(arrivedAt[0])).toBeGreaterThanOrEqual(30_000);
  });
}

function workflowKeyPolicies({ policy }: Contract): void {
  policy('one key means one workflow message, whatever the run', async ({ world }) => {
    const [first, second, idempotencyKey] = [newRunId(), newRunId(), newStepId()];
    const queueName = `__wkf_workflow_${newWorkflowName()}`;
    const { messageId } = await world.queue(queueName, { runId: first }, { idempotencyKey });
    const again = await world.queue(queueName, { runId: second }, { idempotencyKey });
    expect(messageId).toMatch(/^msg_/);
    expect(again.messageId).toBe(messageId);
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    await recorder.arrival(forRun(first));
    const other = newRunId();
    await world.queue(queueName, { runId: other });
    await recorder.arrival(forRun(other));
    expect(recorder.deliveries.filter(forRun(second))).toEqual([]);
  });

  policy('different keys mean different workflow messages', async ({ world }) => {
    const [first, second] = [newRunId(), newRunId()];
    const queueName = `__wkf_workflow_${newWorkflowName()}`;
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    await world.queue(queueName, { runId: first }, { idempotencyKey: newStepId() });
    await world.queue(queueName, { runId: second }, { idempotencyKey: newStepId() });
    await recorder.arrival(forRun(first));
    await recorder.arrival(forRun(second));
  });
}
