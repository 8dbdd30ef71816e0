import type { Event, Step, WorkflowRun } from '@workflow/world';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineFlow, openEngine, type WorldEngine } from '../../src/index.ts';
import { App } from './support/app.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';
import { UserProject } from './support/user-project.ts';

const codeFlow = (id: string, workflow: string) =>
  defineFlow({
    id,
    version: '1.0.0',
    initialStepId: 'call',
    steps: {
      call: {
        type: 'code',
        config: { workflow },
        input: { type: 'path', path: 'args' },
        outputKey: 'out',
        transitions: { onSuccess: null, onFailure: 'failed' },
      },
      failed: { type: 'log', config: { message: 'it failed' }, input: { type: 'full' }, transitions: { onSuccess: null } },
    },
  });
const addition = 'workflow//./workflows/basics//addition';
const shout = defineFlow({
  id: 'shout',
  version: '1.0.0',
  initialStepId: 'up',
  steps: {
    up: {
      type: 'transform',
      config: { expression: '$uppercase(word)' },
      input: { type: 'full' },
      outputKey: 'loud',
      transitions: { onSuccess: null },
    },
  },
  output: { type: 'key', key: 'loud' },
});
const flows = [codeFlow('sum', addition), codeFlow('fatal', 'workflow//./workflows/retries//failFatally'), shout];

describe('flows beside code on one SQLite file', { timeout: 120_000 }, () => {
  let app: App;
  let engine: WorldEngine;
  let project: UserProject;

  beforeAll(async () => {
    const world = await openSqliteWorld();
    app = await App.open(world);
    project = await UserProject.create({ WORKFLOW_PAWL_URL: world.env.WORKFLOW_PAWL_URL ?? '' });
    engine = await openEngine({ env: { ...world.env, WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, flows });
    await engine.start();
  }, 120_000);

  afterAll(async () => {
    await engine?.close();
    await project?.remove();
    await app?.close();
  }, 60_000);

  test('a code step calls a "use workflow" function, holds no worker meanwhile, and goes on with what it gave', async () => {
    const { execution } = await engine.create('sum', { args: [123] });
    const done = await engine.waitFor(execution.id);
    expect(done).toMatchObject({ status: 'completed', context: { out: 132 } });
    expect(done.history.map(({ status }) => status)).toEqual(['wait', 'success']);
    const { data: runs } = await engine.world.runs.list();
    expect(runs.map(({ workflowName }) => workflowName).toSorted()).toEqual(['flow//sum@1.0.0', addition]);
  });

  test('a step of a "use workflow" function starts a flow and awaits it', async () => {
    const { value } = await app.complete('flows//callsFlow', 'hello');
    expect(value).toBe('HELLO');
    const { data: runs } = await engine.world.runs.list({ workflowName: 'flow//shout@1.0.0' });
    expect(runs).toMatchObject([{ status: 'completed' }]);
  });

  test('a code step fails as its function does', async () => {
    const { execution } = await engine.create('fatal', { args: [] });
    const { status, context } = await engine.waitFor(execution.id);
    expect({ status, context }).toMatchObject({ status: 'completed', context: { error: { code: 'HANDLER_ERROR', stepId: 'call' } } });
  });

  test('a code step that is given up cancels the run of its function', async () => {
    const slow = codeFlow('slow', 'workflow//./workflows/sleeps//longSleep');
    engine.flows.register(slow);
    const { execution } = await engine.create('slow', { args: [] });
    await engine.waitFor(execution.id, { until: ['waiting'] });
    await engine.cancel(execution.id);
    const { data: runs } = await engine.world.runs.list({ workflowName: 'workflow//./workflows/sleeps//longSleep' });
    expect(runs.map(({ status }) => status)).toEqual(['cancelled']);
  });

  test('the official command line shows the run of a flow, its steps and its events', async () => {
    const { execution } = await engine.create('sum', { args: [1] });
    await engine.waitFor(execution.id);
    const json = async <T>(...args: string[]) => {
      const answer = await project.workflow(...args, '--json', '--backend=pawl');
      expect(answer, answer.stderr).toMatchObject({ exitCode: 0 });
      return JSON.parse(answer.stdout) as T;
    };
    const { data: runs } = await json<{ data: WorkflowRun[] }>('inspect', 'runs', '--workflowName=flow//sum@1.0.0');
    expect(runs.map(({ runId }) => runId)).toContain(execution.id);
    const run = await json<WorkflowRun>('inspect', 'run', execution.id, '--decrypt');
    expect(run).toMatchObject({ runId: execution.id, status: 'completed', input: [{ args: [1] }], output: { args: [1], out: 10 } });
    const steps = await json<Step[]>('inspect', 'steps', `--runId=${execution.id}`);
    expect(steps).toMatchObject([{ stepName: 'call', status: 'completed' }]);
    const events = await json<Event[]>('inspect', 'events', `--runId=${execution.id}`, '--sort=asc');
    const types = ['run_created', 'run_started', 'step_created', 'step_started', 'step_completed', 'run_completed'];
    expect(events.map(({ eventType }) => eventType)).toEqual(types);
  });
});
