import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { pendingStep, runningRun } from '../arrange.ts';
import { forRun, forStep, recordDeliveries } from '../delivery-recorder.ts';
import { newRunId, newStepId, newStepName, newWorkflowName } from '../ids.ts';
import { sendStep } from '../queueing.ts';
import { registerStepName } from '../registered-steps.ts';
import type { Contract } from './contract.ts';

export function queueNames({ policy }: Contract): void {
  describe('queue names', () => {
    policy('every letter that a workflow name may have is delivered as it is', async ({ world }) => {
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      for (const name of [
        'workflow//./workflows/a//run',
        'workflow//@scope/pkg@1.2.3//a.b',
        'app/(group)/[slug]/run',
        'a',
        'x'.repeat(500),
      ]) {
        const runId = newRunId();
        await world.queue(`__wkf_workflow_${name}`, { runId });
        expect((await recorder.arrival(forRun(runId))).queueName).toBe(`__wkf_workflow_${name}`);
      }
    });

    policy('a step name may have any letters', async ({ world }) => {
      const runId = await runningRun(world);
      const steps = recordDeliveries(world, '__wkf_step_');
      await world.start?.();
      for (const end of ['größe', '日本語', '🪝', 'with space', 'quote\'"', '100%']) {
        const stepName = registerStepName(`${newStepName()}//${end}`);
        const stepId = await pendingStep(world, runId, stepName);
        await sendStep(world, { runId, stepId, stepName });
        expect((await steps.arrival(forStep(runId, stepId))).queueName).toBe(`__wkf_step_${stepName}`);
      }
    });

    policy('a namespaced workflow message reaches the handler of its namespace', async ({ world }) => {
      const [runId, queueName] = [newRunId(), `__acme_wkf_workflow_${newWorkflowName()}`];
      const recorder = recordDeliveries(world, '__acme_wkf_workflow_');
      await world.start?.();
      await world.queue(queueName, { runId });
      expect((await recorder.arrival(forRun(runId))).queueName).toBe(queueName);
    });

    // The SDK forgets the namespace when it queues a step, and its handler cuts the name off behind the prefix.
    for (const known of ['that exists', 'that does not exist'] as const) {
      policy(`a step ${known}, queued without the namespace, reaches the namespaced handler under its name`, async ({ world }) => {
        const runId = await runningRun(world);
        const stepName = registerStepName(newStepName());
        const stepId = known === 'that exists' ? await pendingStep(world, runId, stepName) : newStepId();
        const steps = recordDeliveries(world, '__acme_wkf_step_');
        await world.start?.();
        await sendStep(world, { runId, stepId, stepName });
        expect((await steps.arrival(forStep(runId, stepId))).queueName).toBe(`__acme_wkf_step_${stepName}`);
      });
    }

    policy(
      'a wake that nobody queued carries the prefix of the handler it goes to',
      async ({ world }) => {
        const workflowName = newWorkflowName();
        const runId = await runningRun(world, { workflowName });
        const stepId = await pendingStep(world, runId);
        const recorder = recordDeliveries(world, '__acme_wkf_workflow_');
        await world.start?.();
        await world.events.create(runId, build.stepCompleted(stepId));
        expect((await recorder.arrival(forRun(runId))).queueName).toBe(`__acme_wkf_workflow_${workflowName}`);
      },
      { env: { WORKFLOW_QUEUE_NAMESPACE: 'acme' } },
    );

    policy('a name that is no queue name is refused', async ({ world }) => {
      for (const name of ['nonsense', '', '__wkf_other_x', '__wkf_workflow_', '__Acme_wkf_workflow_x', 7]) {
        await expect(async () => world.queue(name as string, { runId: newRunId() })).rejects.toThrow(/queue/i);
      }
    });
  });
}
