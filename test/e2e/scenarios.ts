import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basicsScenarios } from './scenarios/basics.ts';
import { cancelScenarios } from './scenarios/cancel.ts';
import { childScenarios } from './scenarios/children.ts';
import { fanOutScenarios } from './scenarios/fan-out.ts';
import { hookScenarios } from './scenarios/hooks.ts';
import { outputScenarios } from './scenarios/outputs.ts';
import { retryScenarios } from './scenarios/retries.ts';
import { declareScenarios, type ScenarioOptions } from './scenarios/scenario.ts';
import { sleepScenarios } from './scenarios/sleeps.ts';
import { streamScenarios } from './scenarios/streams.ts';
import { App } from './support/app.ts';
import { describeRun } from './support/finish.ts';
import type { WorldUnderTest } from './support/stage.ts';

/** What every World promises to programs of the Workflow SDK, asked with real compiled workflows in real processes. */
export function sdkScenarios(name: string, openWorld: () => Promise<WorldUnderTest>, options: ScenarioOptions = {}): void {
  describe(`the Workflow SDK on ${name}`, () => {
    let app: App;
    beforeAll(async () => {
      app = await App.open(await openWorld(), options);
    }, 120_000);
    afterAll(async () => {
      await app?.close();
    }, 60_000);

    const scenario = declareScenarios(() => app, options);
    describe('basics', () => basicsScenarios(scenario));
    describe('outputs', () => outputScenarios(scenario));
    describe('fan-out', () => fanOutScenarios(scenario));
    describe('sleeps', () => sleepScenarios(scenario));
    describe('retries', () => retryScenarios(scenario));
    describe('hooks', () => hookScenarios(scenario));
    describe('streams', () => streamScenarios(scenario));
    describe('cancellation', () => cancelScenarios(scenario));
    describe('child runs', () => childScenarios(scenario));
    test.runIf(options.unspoken)(`the worker never said ${options.unspoken}`, async () => {
      const complaints = app.worker.linesWith(options.unspoken ?? /^/);
      const runIds = complaints.flatMap((line) => /wrun_\w+/.exec(line) ?? []);
      const runs = await Promise.all(runIds.slice(0, 3).map(async (runId) => await describeRun(app.worker, runId)));
      expect(complaints, runs.join('\n')).toEqual([]);
    });
  });
}
