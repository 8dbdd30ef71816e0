import { expect } from 'vitest';
import type { Scenario } from './scenario.ts';

const MEGABYTE = 1024 * 1024;

export function outputScenarios(scenario: Scenario): void {
  scenario('keeps falsy step outputs over replays', async (app) => {
    const { value } = await app.complete('outputs//falsyValues');

    expect(value).toStrictEqual([0, false, '', null, undefined]);
  });

  scenario('keeps every kind of value as input and output of runs and steps', async (app) => {
    const values = [
      ...[0, -0, Number.NaN, 1.5, 2n ** 64n, false, '', null, undefined],
      ...[[], {}, [undefined, null], { a: { b: ['ü', '\0', '🦫'] } }],
      ...[new Date(0), new Map([['key', new Set([1])]]), new URL('https://example.org/?q=1')],
    ];
    const kept = await Promise.all(values.map(async (value) => (await app.complete('outputs//echo', value)).value));

    expect(kept).toStrictEqual(values);
  });

  scenario('tells a run without output from a run that is not finished', async (app) => {
    const { run, value } = await app.complete('outputs//nothing');

    expect(run.status).toBe('completed');
    expect(value).toBeUndefined();
  });

  scenario('keeps raw bytes', async (app) => {
    const { value } = await app.complete('outputs//allBytes');

    expect(value).toStrictEqual(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  });

  scenario('keeps an output of 5 MB', async (app) => {
    const { runId, value } = await app.complete('outputs//large', 5 * MEGABYTE);

    expect(value).toHaveLength(5 * MEGABYTE);
    expect(value).toSatisfy((text: string) => text === 'pawl'.repeat((5 * MEGABYTE) / 4));
    expect(await app.executions(runId)).toHaveLength(2);
  });
}
