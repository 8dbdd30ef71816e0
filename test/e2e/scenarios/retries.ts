import { expect } from 'vitest';
import { countEvents } from '../support/finish.ts';
import type { Scenario } from './scenario.ts';

export function retryScenarios(scenario: Scenario): void {
  scenario('retries a failing step until it succeeds', async (app) => {
    const { runId, value, events } = await app.complete('retries//failUntil', 3);

    expect(value).toBe(3);
    expect((await app.executions(runId)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(countEvents(events, 'step_retrying')).toBe(2);
  });

  scenario('fails a run whose step has used up its retries', async (app) => {
    const { runId, run, error } = await app.fail('retries//failForEver');

    expect(run.status).toBe('failed');
    expect(error.cause?.message).toContain('attempt 3 fails on purpose');
    expect((await app.executions(runId)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  scenario('does not retry a step without retries', async (app) => {
    const { runId, run } = await app.fail('retries//noRetry');

    expect(run.status).toBe('failed');
    expect(await app.executions(runId)).toHaveLength(1);
  });

  scenario('does not retry a fatal error', async (app) => {
    const { runId, run, error } = await app.fail('retries//failFatally');

    expect(run.status).toBe('failed');
    expect(error.cause?.message).toContain('this cannot be mended');
    expect(await app.executions(runId)).toHaveLength(1);
  });

  scenario('lets a workflow catch the fatal error of a step', async (app) => {
    const { value } = await app.complete('retries//catchFatal');

    expect(value).toMatchObject({ message: 'this cannot be mended', next: 1 });
  });

  scenario('retries when the step asks for it', async (app) => {
    const { runId, value } = await app.complete('retries//askForRetry');

    expect(value).toBe(2);
    expect((await app.executions(runId)).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  scenario('fails a run whose workflow throws', async (app) => {
    const { run, error } = await app.fail('retries//throwInWorkflow');

    expect(run.status).toBe('failed');
    expect(error.cause?.message).toContain('the workflow itself gave up');
  });
}
