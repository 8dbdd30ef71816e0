import { expect } from 'vitest';
import type { App } from '../support/app.ts';
import { countEvents } from '../support/finish.ts';
import type { Scenario } from './scenario.ts';

const isLong = process.env.PAWL_LONG === '1';

export function fanOutScenarios(scenario: Scenario): void {
  scenario('gives 110 parallel steps one execution each', async (app) => await runInParallel(app, 110));

  scenario('completes 200 parallel steps', async (app) => await runInParallel(app, 200));

  scenario('completes 50 parallel steps that end one by one', async (app) => {
    const { runId, value, events } = await app.complete('fan-out//staggered', 50);

    expect(value).toEqual(Array.from({ length: 50 }, (_, index) => index * index));
    expect(await app.executions(runId)).toHaveLength(50);
    expect(countEvents(events, 'step_started')).toBe(50);
    expect(countEvents(events, 'run_completed')).toBe(1);
  });

  scenario('runs two chains of steps side by side', async (app) => {
    const { runId, value } = await app.complete('fan-out//chains', 10);

    expect(value).toEqual([10, 10]);
    expect(await app.executions(runId)).toHaveLength(20);
  });

  const length = isLong ? 1_000 : 300;
  scenario(
    `completes ${length} steps in sequence`,
    async (app) => {
      const { runId, value, events } = await app.complete('fan-out//sequence', length);

      expect(value).toBe(length);
      expect(await app.executions(runId)).toHaveLength(length);
      expect(events).toHaveLength(3 * length + 3);
    },
    isLong ? 600_000 : 120_000,
  );
}

async function runInParallel(app: App, count: number): Promise<void> {
  const { runId, value, events } = await app.complete('fan-out//parallel', count);

  expect(value).toEqual(Array.from({ length: count }, (_, index) => index * index));
  expect(await app.executions(runId)).toHaveLength(count);
  expect(countEvents(events, 'step_created')).toBe(count);
  expect(countEvents(events, 'step_started')).toBe(count);
  expect(countEvents(events, 'step_completed')).toBe(count);
  expect(countEvents(events, 'run_completed')).toBe(1);
}
