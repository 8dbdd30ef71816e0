import { expect } from 'vitest';
import type { Scenario } from './scenario.ts';

export function childScenarios(scenario: Scenario): void {
  scenario('starts a child run in a step and awaits its value', async (app) => {
    const { runId, value } = await app.complete('children//parent', 21);
    const { childId, result } = value as { childId: string; result: number };

    expect(result).toBe(42);
    expect(childId).not.toBe(runId);
    expect((await app.finish(childId)).run.status).toBe('completed');
    expect(await app.executions(childId)).toHaveLength(1);
  });

  scenario('completes 30 child runs whose parent steps block until they end', async (app) => {
    const { runId, value } = await app.complete('children//parentOfMany', 30);

    expect(value).toEqual(Array.from({ length: 30 }, (_, index) => index * 2));
    expect(await app.executions(runId)).toHaveLength(30);
  });
}
