import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import { pendingStep, runningRun } from '../../src/testing/arrange.ts';
import { type DeliveryRecorder, forRun, forStep, recordDeliveries } from '../../src/testing/delivery-recorder.ts';
import { newRunId, newStepName, newWorkflowName } from '../../src/testing/ids.ts';
import { sendStep, wakeRun } from '../../src/testing/queueing.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';
import { databases } from '../support/databases.ts';

const queueName = `__wkf_workflow_${newWorkflowName()}` as const;

describe.each(Object.entries(databases))('a worker of another build on %s', (_, database) => {
  it('marks the runs that it starts with its deployment', async () => {
    const { newer } = await builds(database, 'latest');
    expect(await newer.world.getDeploymentId()).toBe('dpl_new');
  });

  it('leaves runs alone where they are pinned to their build', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await newer.world.start();
    const [theirs, own] = [await runOf('dpl_old', newer), await runOf('dpl_new', newer)];
    for (const runId of [theirs, own, theirs]) await wakeRun(newer.world, runId);
    await newer.runs.answer(forRun(own));
    await hasLooked(newer);
    expect(newer.runs.deliveries.filter(forRun(theirs))).toEqual([]);
    await old.world.start();
    expect((await old.runs.arrival(forRun(theirs))).attempt).toBe(1);
  });

  it('leaves steps alone where their runs are pinned to their build', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await newer.world.start();
    const stepName = registerStepName(newStepName());
    const [theirs, own] = [await runOf('dpl_old', newer), await runOf('dpl_new', newer)];
    const [theirStep, ownStep] = [await pendingStep(newer.world, theirs, stepName), await pendingStep(newer.world, own, stepName)];
    await sendStep(newer.world, { runId: theirs, stepId: theirStep, stepName });
    await sendStep(newer.world, { runId: own, stepId: ownStep, stepName });
    await newer.steps.answer(forStep(own, ownStep));
    await hasLooked(newer);
    expect(newer.steps.deliveries.filter(forStep(theirs, theirStep))).toEqual([]);
    await old.world.start();
    await old.steps.arrival(forStep(theirs, theirStep));
  });

  it('leaves messages alone that are for another build, or for a run of it', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await newer.world.start();
    const [named, keyed, free] = [newRunId(), await runOf('dpl_old', newer), newRunId()];
    await newer.world.queue(queueName, { runId: named }, { deploymentId: 'dpl_old' });
    await newer.world.queue(queueName, { runId: keyed }, { idempotencyKey: 'once' });
    await newer.world.queue(queueName, { runId: free });
    await newer.runs.answer(forRun(free));
    await hasLooked(newer);
    expect(newer.runs.deliveries.filter((delivery) => forRun(named)(delivery) || forRun(keyed)(delivery))).toEqual([]);
    await old.world.start();
    await Promise.all([old.runs.arrival(forRun(named)), old.runs.arrival(forRun(keyed))]);
  });

  it('leaves a run to the build that its start asked for', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await Promise.all([old.world.start(), newer.world.start()]);
    const runId = newRunId();
    const runInput = { input: new Uint8Array([1]), deploymentId: 'dpl_old', workflowName: newWorkflowName(), specVersion: 3 };
    await newer.world.queue(queueName, { runId, runInput }, { deploymentId: 'dpl_old' });
    await old.runs.answer(forRun(runId));
    await hasLooked(newer);
    expect(newer.runs.deliveries.filter(forRun(runId))).toEqual([]);
    expect((await newer.world.runs.get(runId)).deploymentId).toBe('dpl_old');
  });

  it('takes runs, steps and messages over where the latest build is to have them', async () => {
    const { newer } = await builds(database, 'latest');
    await newer.world.start();
    const stepName = registerStepName(newStepName());
    const [runId, named] = [await runOf('dpl_old', newer), newRunId()];
    const stepId = await pendingStep(newer.world, runId, stepName);
    await wakeRun(newer.world, runId);
    await sendStep(newer.world, { runId, stepId, stepName });
    await newer.world.queue(queueName, { runId: named }, { deploymentId: 'dpl_old' });
    await Promise.all([newer.runs.arrival(forRun(runId)), newer.runs.arrival(forRun(named)), newer.steps.arrival(forStep(runId, stepId))]);
    expect((await newer.world.runs.get(runId)).deploymentId).toBe('dpl_old');
  });
});

interface Build {
  readonly world: PawlWorld;
  readonly runs: DeliveryRecorder;
  readonly steps: DeliveryRecorder;
}

/** Two builds of one app on one database, with nothing else in common. Neither works yet. */
async function builds(database: () => Promise<Record<string, string>>, policy: string): Promise<{ old: Build; newer: Build }> {
  const env = { ...(await database()), WORKFLOW_PAWL_DEPLOYMENT_POLICY: policy, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const build = (deploymentId: string): Build => {
    const world = createWorld({ env: { ...env, WORKFLOW_PAWL_DEPLOYMENT_ID: deploymentId }, apart: true });
    onTestFinished(() => world.close());
    return { world, runs: recordDeliveries(world, '__wkf_workflow_'), steps: recordDeliveries(world, '__wkf_step_') };
  };
  return { old: build('dpl_old'), newer: build('dpl_new') };
}

function runOf(deploymentId: string, { world }: Build): Promise<string> {
  return runningRun(world, { deploymentId });
}

/** Two more runs of its own come and go: what it would take, it has taken. */
async function hasLooked(build: Build): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const runId = await runOf('dpl_new', build);
    await wakeRun(build.world, runId);
    await build.runs.answer(forRun(runId));
  }
}
