import { describe, expect, it, onTestFinished } from 'vitest';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { createWorld, defineFlow, defineHandler, Result } from '../../src/index.ts';
import { databases } from '../support/databases.ts';

type Database = () => Promise<Record<string, string>>;

const approval = defineFlow({
  id: 'approval',
  version: '1.0.0',
  initialStepId: 'who',
  steps: {
    who: { type: 'who', input: { type: 'static', value: null }, outputKey: 'began', transitions: { onSuccess: 'approve' } },
    approve: { type: 'wait', config: {}, input: { type: 'static', value: null }, transitions: { onSuccess: null, onResume: 'end' } },
    end: { type: 'who', input: { type: 'static', value: null }, outputKey: 'ended', transitions: { onSuccess: null } },
  },
});

// Calls a flow and code, and is undone by what it began with.
const booking = defineFlow({
  id: 'booking',
  version: '1.0.0',
  initialStepId: 'call',
  metadata: { onCancel: 'undo' },
  steps: {
    call: { type: 'call', input: { type: 'static', value: null }, transitions: { onSuccess: null } },
    undo: { type: 'who', input: { type: 'static', value: null }, outputKey: 'undone', transitions: { onSuccess: null } },
  },
});

const call = defineHandler({
  type: 'call',
  execute: () =>
    Result.wait({
      spawn: [
        { kind: 'flow', flowId: 'approval', context: {} },
        { kind: 'code', workflow: 'workflow//./w//x', args: [] },
      ],
      wakeWhen: 2,
    }),
});

describe.each(Object.entries(databases))('executions of another build on %s', (_, database) => {
  it('leaves executions to the build that they are pinned to, before and after a wait', async () => {
    const { old, newer } = await builds(database, 'pinned');
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
    const { old, newer } = await builds(database, 'latest');
    const { execution } = await old.create('approval', {});
    await newer.start();
    await newer.waitFor(execution.id, { until: ['waiting'] });
    await newer.resume(execution.id, {});
    const done = await newer.waitFor(execution.id);
    expect(done.context).toMatchObject({ began: 'dpl_new', ended: 'dpl_new' });
    expect((await newer.world.runs.get(execution.id)).deploymentId).toBe('dpl_old');
  });

  it('has a cancelled execution undone by the build that it is pinned to, whoever cancels it', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await Promise.all([old.start(), newer.start()]);
    const { execution } = await old.create('booking', {});
    await old.waitFor(execution.id, { until: ['waiting'] });
    await newer.world.events.create(execution.id, { eventType: 'run_cancelled' } as never);
    const compensation = await compensationOf(old, execution.id);
    expect((await old.world.runs.get(compensation)).deploymentId).toBe('dpl_old');
    expect((await old.waitFor(compensation)).context).toMatchObject({ undone: 'dpl_old' });
  });

  it('has children, of flows and of code, belong to the build of the execution that starts them', async () => {
    const { old, newer } = await builds(database, 'latest');
    await newer.start();
    const { execution } = await old.create('booking', {});
    await newer.waitFor(execution.id, { until: ['waiting'] });
    const runs = await runsOf(newer);
    expect(runs.map(({ workflowName, deploymentId }) => `${workflowName} ${deploymentId}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'flow//approval@1.0.0 dpl_old',
      'flow//booking@1.0.0 dpl_old',
      'workflow//./w//x dpl_old',
    ]);
    const { data } = await newer.world.events.list({
      runId: String(runs.find(({ workflowName }) => workflowName.includes('approval'))?.runId),
    });
    expect(data[0]).toMatchObject({ eventType: 'run_created', eventData: { deploymentId: 'dpl_old' } });
  });

  it('has a retry done by the build that asks for it', async () => {
    const { old, newer } = await builds(database, 'pinned');
    await newer.start();
    const { execution } = await old.create('approval', {});
    await old.cancel(execution.id, { source: 'admin' });
    const { execution: again } = await newer.retry(execution.id);
    expect((await newer.waitFor(again.id, { until: ['waiting'] })).context).toMatchObject({ began: 'dpl_new' });
  });
});

async function runsOf({ world }: WorldEngine) {
  return (await world.runs.list({ resolveData: 'none' })).data;
}

async function compensationOf(engine: WorldEngine, id: string): Promise<string> {
  for (const { runId, workflowName } of await runsOf(engine)) {
    if (workflowName.startsWith('flow//') && (await engine.get(runId)).metadata?.['compensates'] === id) return runId;
  }
  throw new Error('There is no compensation.');
}

/** Two builds of one app on one database. Neither works yet. */
async function builds(database: Database, policy: 'latest' | 'pinned'): Promise<{ old: WorldEngine; newer: WorldEngine }> {
  const place = await database();
  const build = async (deploymentId: string) => {
    const env = {
      ...place,
      WORKFLOW_PAWL_DEPLOYMENT_ID: deploymentId,
      WORKFLOW_PAWL_DEPLOYMENT_POLICY: policy,
      WORKFLOW_PAWL_LOG_LEVEL: 'silent',
    };
    const who = defineHandler({ type: 'who', execute: () => Result.success(deploymentId) });
    const engine = new WorldEngine(createWorld({ env, apart: true }), { handlers: [who, call], flows: [approval, booking] });
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
