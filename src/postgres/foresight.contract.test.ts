import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { createWorld } from '../connect/create-world.ts';
import { pendingRun } from '../testing/arrange.ts';
import * as build from '../testing/event-builders.ts';
import { newStepId, newStepName } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { sendStep } from '../testing/queueing.ts';
import { readLog } from '../testing/read-log.ts';
import { registerStepName } from '../testing/registered-steps.ts';

it('a replay that built on what did not come true writes nothing more, and comes again with what came', async () => {
  const schema = newSchemaName();
  onTestFinished(() => dropSchema(inject('postgresUrl'), schema));
  const [world, other] = [open(schema), open(schema)];
  const [theirs, ours, late, stepName] = [newStepId(), newStepId(), newStepId(), newStepName()];
  registerStepName(stepName);
  const bodies: string[] = [];
  const replays: (string | undefined)[][] = [];
  let refused: unknown;

  world.createQueueHandler('__wkf_step_', async (message) => {
    const { workflowRunId: runId, stepId } = message as { workflowRunId: string; stepId: string };
    await world.events.create(runId, build.stepStarted(stepId));
    bodies.push(stepId);
    await world.events.create(runId, build.stepCompleted(stepId));
  });
  world.createQueueHandler('__wkf_workflow_', async (message) => {
    const { runId } = message as { runId: string };
    const { events = [] } = await world.events.create(runId, build.runStarted());
    replays.push(events.map(({ eventType, correlationId }) => correlationId ?? eventType));
    if (replays.length === 1) {
      await other.events.create(runId, build.stepCreated(theirs));
      // Answered with what it should come out as, which is the place that the other has taken.
      await world.events.create(runId, build.stepCreated(ours, { stepName }));
      await sendStep(world, { runId, stepId: ours, stepName });
      await world.events.create(runId, build.stepCreated(late)).catch((error: unknown) => {
        refused = error;
        throw error;
      });
    } else if (events.some(({ eventType }) => eventType === 'step_completed')) {
      await world.events.create(runId, build.runCompleted());
    }
  });
  await world.start();
  const runId = await pendingRun(world);
  await vi.waitUntil(async () => (await world.runs.get(runId)).status === 'completed', { timeout: 10_000 });

  expect(refused).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'LEASE_LOST' });
  const log = await readLog(world, runId);
  expect(brokenLogRules(log)).toEqual([]);
  const steps = log.filter(({ correlationId }) => correlationId !== undefined).map((event) => [event.eventType, event.correlationId]);
  expect(steps).toEqual([
    ['step_created', theirs],
    ['step_created', ours],
    ['step_started', ours],
    ['step_completed', ours],
  ]);
  expect(replays[1]?.slice(0, 4)).toEqual(['run_created', 'run_started', theirs, ours]);
  expect(bodies).toEqual([ours]);
});

function open(schema: string) {
  const env = { WORKFLOW_PAWL_URL: inject('postgresUrl'), WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true });
  onTestFinished(() => world.close());
  return world;
}
