import { expect } from 'vitest';
import { finish, valueOf } from '../support/finish.ts';
import type { Scenario } from './scenario.ts';

export function basicsScenarios(scenario: Scenario): void {
  scenario('runs steps in sequence, each body once', async (app) => {
    const { runId, value, events } = await app.complete('basics//addition', 123);

    expect(value).toBe(132);
    expect(events.map((event) => event.eventType)).toEqual([
      'run_created',
      'run_started',
      ...['step_created', 'step_started', 'step_completed'],
      ...['step_created', 'step_started', 'step_completed'],
      ...['step_created', 'step_started', 'step_completed'],
      'run_completed',
    ]);
    expect((await app.executions(runId)).map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  scenario('keeps many runs apart that go on at the same time', async (app) => {
    const starts = Array.from({ length: 20 }, (_, index) => index);
    const runs = await Promise.all(starts.map(async (start) => await app.complete('basics//addition', start)));

    expect(runs.map(({ value }) => value)).toEqual(starts.map((start) => start + 9));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(20);
    const executions = await Promise.all(runs.map(async ({ runId }) => (await app.executions(runId)).length));
    expect(executions).toEqual(starts.map(() => 3));
  });

  scenario('keeps null bytes', async (app) => {
    const { value } = await app.complete('basics//nullBytes');

    expect(value).toBe('\0null\0bytes\0');
  });

  scenario('runs a step whose name is not ASCII', async (app) => {
    const { runId, value, events } = await app.complete('basics//unicodeStep', 'Pawl');

    expect(value).toBe('Grüße, Pawl');
    const created = events.find((event) => event.eventType === 'step_created');
    expect(created?.eventData).toMatchObject({ stepName: 'step//./workflows/basics//grüße_世界' });
    expect(await app.executions(runId)).toHaveLength(1);
  });

  scenario('tells a workflow and its steps who they are', async (app) => {
    const { runId, run, value } = await app.complete('basics//describeItself');

    expect(value).toMatchObject({
      runId,
      workflowName: 'workflow//./workflows/basics//describeItself',
      startedAt: run.startedAt?.getTime(),
      step: { runId, stepName: 'step//./workflows/basics//describeStep', attempt: 1 },
    });
  });

  scenario('runs what another process has started', async (app) => {
    const runId = await app.producer.api.start('basics//addition', [1]);
    await finish(app.producer, runId);

    expect(await valueOf(app.producer, runId)).toBe(10);
    const hosts = (await app.executions(runId)).map(({ host }) => host);
    expect(new Set(hosts)).toEqual(new Set([app.worker.id]));
  });

  scenario('fails a run whose workflow does not exist', async (app) => {
    const { run, error } = await app.fail('basics//missing');

    expect(run.status).toBe('failed');
    expect(error.cause?.message).toContain('missing');
  });
}
