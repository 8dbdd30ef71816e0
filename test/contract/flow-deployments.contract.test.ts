import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { createWorld, defineFlow, defineHandler, Result } from '../../src/index.ts';
import { scratchFolder } from '../support/scratch.ts';

const flow = defineFlow({
  id: 'approval',
  version: '1.0.0',
  initialStepId: 'who',
  steps: {
    who: { type: 'who', input: { type: 'static', value: null }, outputKey: 'began', transitions: { onSuccess: 'approve' } },
    approve: { type: 'wait', config: {}, input: { type: 'static', value: null }, transitions: { onSuccess: null, onResume: 'end' } },
    end: { type: 'who', input: { type: 'static', value: null }, outputKey: 'ended', transitions: { onSuccess: null } },
  },
});

it('leaves executions to the build that they are pinned to, before and after a wait', async () => {
  const { old, newer } = await builds('pinned');
  await newer.start();
  const { execution } = await old.create('approval', {});
  await hasLooked(newer);
  expect((await newer.get(execution.id))?.status).toBe('pending');
  await old.start();
  await old.waitFor(execution.id, { until: ['waiting'] });
  await newer.resume(execution.id, {});
  const done = await old.waitFor(execution.id);
  expect(done.context).toMatchObject({ began: 'dpl_old', ended: 'dpl_old' });
});

it('has executions of another build carried on by the latest', async () => {
  const { old, newer } = await builds('latest');
  const { execution } = await old.create('approval', {});
  await newer.start();
  await newer.waitFor(execution.id, { until: ['waiting'] });
  await newer.resume(execution.id, {});
  const done = await newer.waitFor(execution.id);
  expect(done.context).toMatchObject({ began: 'dpl_new', ended: 'dpl_new' });
  expect((await newer.world.runs.get(execution.id)).deploymentId).toBe('dpl_old');
});

/** Two builds of one app on one file. Neither works yet. */
async function builds(policy: 'latest' | 'pinned'): Promise<{ old: WorldEngine; newer: WorldEngine }> {
  const file = join(await scratchFolder(), 'pawl.db');
  const build = async (deploymentId: string) => {
    const env = {
      WORKFLOW_PAWL_URL: `sqlite:${file}`,
      WORKFLOW_PAWL_DEPLOYMENT_ID: deploymentId,
      WORKFLOW_PAWL_DEPLOYMENT_POLICY: policy,
      WORKFLOW_PAWL_LOG_LEVEL: 'silent',
    };
    const who = defineHandler({ type: 'who', execute: () => Result.success(deploymentId) });
    const engine = new WorldEngine(createWorld({ env, apart: true }), { handlers: [who], flows: [flow] });
    onTestFinished(() => engine.close());
    await engine.flows.flush();
    return engine;
  };
  return { old: await build('dpl_old'), newer: await build('dpl_new') };
}

/** Two executions of its own come and wait: what it would take, it has taken. */
async function hasLooked(engine: WorldEngine): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const { execution } = await engine.create('approval', {});
    await engine.waitFor(execution.id, { until: ['waiting'] });
  }
}
