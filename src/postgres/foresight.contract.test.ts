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

it('a replay that built on what did not come true writes nothing more, and comes again with what came', { timeout: 30_000 }, async () => {
  const schema = newSchemaName();
  onTestFinished(() => dropSchema(inject('postgresUrl'), schema));
  const [world, other] = [open(schema), open(schema)];
  const stepName = registerStepName(newStepName());
  const bodies: string[] = [];
  const scenes = new Map<string, Scene>();

  world.createQueueHandler('__wkf_step_', async (message) => {
    const { workflowRunId: runId, stepId } = message as { workflowRunId: string; stepId: string };
    await world.events.create(runId, build.stepStarted(stepId));
    bodies.push(stepId);
    await world.events.create(runId, build.stepCompleted(stepId));
  });
  world.createQueueHandler('__wkf_workflow_', async (message) => {
    const { runId } = message as { runId: string };
    const scene = sceneOf(scenes, runId);
    const { events = [] } = await world.events.create(runId, build.runStarted());
    scene.replays.push(events.map(({ eventType, correlationId }) => correlationId ?? eventType));
    if (scene.replays.length === 1) {
      await other.events.create(runId, build.stepCreated(scene.theirs));
      // Answered with what it should come out as, which is the place that the other has taken.
      await world.events.create(runId, build.stepCreated(scene.ours, { stepName }));
      await sendStep(world, { runId, stepId: scene.ours, stepName });
      await world.events.create(runId, build.stepCreated(scene.late)).catch((error: unknown) => {
        scene.refused = error;
        throw error;
      });
    } else if (events.some(({ eventType }) => eventType === 'step_completed')) {
      await world.events.create(runId, build.runCompleted());
    }
  });
  await world.start();

  // Where the answer is there before anybody was told what it would be, nothing was foreseen: then once more.
  let scene: Scene | undefined;
  for (let times = 0; times < 50 && scene?.refused === undefined; times += 1) {
    const runId = await pendingRun(world);
    await vi.waitUntil(async () => (await world.runs.get(runId)).status === 'completed', { timeout: 10_000 });
    scene = sceneOf(scenes, runId);
    const log = await readLog(world, runId);
    expect(brokenLogRules(log)).toEqual([]);
    const steps = log.filter(({ correlationId }) => correlationId !== undefined).map((event) => [event.eventType, event.correlationId]);
    expect(steps.filter(([, stepId]) => stepId !== scene?.late)).toEqual([
      ['step_created', scene.theirs],
      ['step_created', scene.ours],
      ['step_started', scene.ours],
      ['step_completed', scene.ours],
    ]);
    expect(bodies.filter((stepId) => stepId === scene?.ours)).toHaveLength(1);
    if (scene.refused !== undefined) expect(steps.some(([, stepId]) => stepId === scene?.late)).toBe(false);
  }

  expect(scene?.refused).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'LEASE_LOST' });
  expect(scene?.replays[1]?.slice(0, 4)).toEqual(['run_created', 'run_started', scene?.theirs, scene?.ours]);
});

it('a replay that begins with the end of one step sees the ends that are sent with it', { timeout: 30_000 }, async () => {
  const schema = newSchemaName();
  onTestFinished(() => dropSchema(inject('postgresUrl'), schema));
  const world = open(schema);
  const stepName = registerStepName(newStepName());
  const stepIds = Array.from({ length: 5 }, newStepId);
  const ended: number[] = [];
  let begun = 0;
  let allBegan = () => {};
  const together = new Promise<void>((resolve) => (allBegan = resolve));

  world.createQueueHandler('__wkf_step_', async (message) => {
    const { workflowRunId: runId, stepId } = message as { workflowRunId: string; stepId: string };
    await world.events.create(runId, build.stepStarted(stepId));
    if ((begun += 1) === stepIds.length) allBegan();
    await together;
    await world.events.create(runId, build.stepCompleted(stepId));
  });
  world.createQueueHandler('__wkf_workflow_', async (message) => {
    const { runId } = message as { runId: string };
    const { events = [] } = await world.events.create(runId, build.runStarted());
    const ends = events.filter(({ eventType }) => eventType === 'step_completed').length;
    ended.push(ends);
    if (ends === stepIds.length) await world.events.create(runId, build.runCompleted());
    if (ended.length > 1) return;
    await Promise.all(stepIds.map((stepId) => world.events.create(runId, build.stepCreated(stepId, { stepName }))));
    await Promise.all(stepIds.map((stepId) => sendStep(world, { runId, stepId, stepName })));
  });
  await world.start();

  const runId = await pendingRun(world);
  await vi.waitUntil(async () => (await world.runs.get(runId)).status === 'completed', { timeout: 10_000 });
  expect(ended).toEqual([0, stepIds.length]);
  expect(brokenLogRules(await readLog(world, runId))).toEqual([]);
});

/** What happens to one run. */
interface Scene {
  readonly theirs: string;
  readonly ours: string;
  readonly late: string;
  readonly replays: (string | undefined)[][];
  refused: unknown;
}

function sceneOf(scenes: Map<string, Scene>, runId: string): Scene {
  const scene = scenes.get(runId) ?? { theirs: newStepId(), ours: newStepId(), late: newStepId(), replays: [], refused: undefined };
  scenes.set(runId, scene);
  return scene;
}

function open(schema: string) {
  const env = { WORKFLOW_PAWL_URL: inject('postgresUrl'), WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true });
  onTestFinished(() => world.close());
  return world;
}
