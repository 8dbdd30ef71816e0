import { expect, it, onTestFinished } from 'vitest';
import type { World } from '@workflow/world';
import { createWorld } from '../../src/connect/create-world.ts';
import { newRunId, newStepName, newWorkflowName } from '../../src/testing/ids.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

const steps = 300;

interface FanOut {
  readonly workflowName: string;
  readonly stepName: string;
  /** How many steps had ended for each replay. */
  readonly seen: number[];
}

/** A run of many steps at once whose replays take long, as those of the SDK do. */
function workOn(world: World, { workflowName, stepName, seen }: FanOut): void {
  const { createQueueHandler } = world;
  const create = (runId: string, eventType: string, rest: object) =>
    world.events.create(runId, { eventType, specVersion: 3, ...rest } as never);

  createQueueHandler('__wkf_workflow_', async (message) => {
    const { runId = '' } = message as Record<string, string>;
    const { events = [] } = await create(runId, 'run_started', {});
    for (const until = performance.now() + 60; performance.now() < until;);
    const done = events.filter(({ eventType }) => eventType === 'step_completed').length;
    seen.push(done);
    if (done === steps) return void (await create(runId, 'run_completed', { eventData: { output: new Uint8Array([2]) } }));
    const created = new Set(events.flatMap(({ eventType, correlationId = '' }) => (eventType === 'step_created' ? [correlationId] : [])));
    const begin = async (correlationId: string) => {
      const eventData = { stepName, input: new Uint8Array([3]) };
      if (!created.has(correlationId)) await create(runId, 'step_created', { correlationId, eventData });
      const toStep = { workflowName, workflowRunId: runId, workflowStartedAt: 0, stepId: correlationId };
      await world.queue(`__wkf_step_${stepName}`, toStep, { idempotencyKey: correlationId });
    };
    await Promise.all(Array.from({ length: steps }, (_, index) => begin(`step_${index}`)));
  });
  createQueueHandler('__wkf_step_', async (message) => {
    const { workflowRunId = '', stepId = '' } = message as Record<string, string>;
    await create(workflowRunId, 'step_started', { correlationId: stepId, eventData: { stepName } });
    const eventData = { stepName, result: new Uint8Array([4]) };
    await create(workflowRunId, 'step_completed', { correlationId: stepId, eventData });
    await world.queue(`__wkf_workflow_${workflowName}`, { runId: workflowRunId });
  });
}

const settings = storeNames.flatMap((store) => [1, 3].map((workers) => ({ store, workers })));

it.each(settings)('on $store a run of many steps at once is replayed when they have ended, by $workers', async ({ store, workers }) => {
  // Fewer slots than steps: most of them nobody has claimed when the first have ended.
  const env = { ...(await scratchDatabase(store)), WORKFLOW_PAWL_STEP_CONCURRENCY: '100' };
  const worlds = Array.from({ length: workers }, () => createWorld({ env, apart: true }));
  onTestFinished(async () => void (await Promise.all(worlds.map((world) => world.close()))));
  const fanOut = { workflowName: newWorkflowName(), stepName: registerStepName(newStepName()), seen: [] };
  for (const world of worlds) {
    workOn(world, fanOut);
    await world.start();
  }
  const [world] = worlds as [World];
  const runId = newRunId();
  const eventData = { deploymentId: await world.getDeploymentId(), workflowName: fanOut.workflowName, input: new Uint8Array([1]) };
  await world.events.create(runId, { eventType: 'run_created', specVersion: 3, eventData } as never);
  await expect.poll(async () => (await world.runs.get(runId)).status, { timeout: 25_000, interval: 50 }).toBe('completed');
  // When hardly any is left, to wait for it would cost more than a replay.
  expect(fanOut.seen.filter((done) => done > 0 && done < 0.95 * steps)).toEqual([]);
});
