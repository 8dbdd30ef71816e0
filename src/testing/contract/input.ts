import { describe, expect } from 'vitest';
import type { CreateEventRequest } from '@workflow/world';
import * as build from '../event-builders.ts';
import { pendingRun, runningRun } from '../arrange.ts';
import { badRequest, expectError, expectThrown } from '../expect-error.ts';
import { newHookId, newRunId, newStepId, newWaitId } from '../ids.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function input(contract: Contract): void {
  describe('unhappy input', () => {
    describe('events', () => {
      malformedEventPolicies(contract);
    });
    describe('ids and names', () => {
      oddTextPolicies(contract);
    });
  });
}

function malformedEventPolicies({ policy }: Contract): void {
  for (const [label, request] of malformedEvents) {
    policy(`${label} is refused and leaves nothing behind`, async ({ world }) => {
      const runId = await runningRun(world);
      await expectError(world.events.create(runId, request as CreateEventRequest), badRequest());
      expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
      expect((await world.steps.list({ runId })).data).toEqual([]);
      expect((await world.hooks.list({ runId })).data).toEqual([]);
      expect((await world.runs.get(runId)).status).toBe('running');
    });
  }

  for (const field of ['deploymentId', 'workflowName'] as const) {
    policy(`a run without ${field} is not created`, async ({ world }) => {
      const runId = newRunId();
      for (const value of [undefined, 7]) {
        const request = build.runCreated({ [field]: value as unknown as string });
        await expectError(world.events.create(runId, request), badRequest());
      }
      expect(await logOf(world, runId)).toEqual([]);
    });
  }

  policy('a run id that is no text is refused', async ({ world }) => {
    for (const runId of [7, {}, ['wrun_1'], true]) {
      await expectError(world.events.create(runId as unknown as string, build.runStarted()), badRequest());
    }
  });

  policy('an instant may come as text and is read as a Date', async ({ world }) => {
    const runId = await runningRun(world);
    const at = new Date(Date.now() + 3_600_000);
    const [waitId, stepId] = [newWaitId(), newStepId()];
    const asText = at.toISOString() as unknown as Date;
    const { wait } = await world.events.create(runId, build.waitCreated(waitId, asText));
    expect(wait?.resumeAt).toEqual(at);
    expect(dataOf((await readLog(world, runId)).at(-1))?.['resumeAt']).toEqual(at);
    await world.events.create(runId, build.stepCreated(stepId));
    const { step } = await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: asText }));
    expect(step?.retryAfter).toEqual(at);
  });

  policy('null for an instant that may be left out is as if it were', async ({ world }) => {
    const [runId, stepId, waitId] = [await runningRun(world), newStepId(), newWaitId()];
    await world.events.create(runId, build.stepCreated(stepId));
    const { step } = await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: null as unknown as Date }));
    expect(step?.retryAfter ?? undefined).toBeUndefined();
    expect(dataOf((await readLog(world, runId)).at(-1))?.['retryAfter']).toBeUndefined();
    await world.events.create(runId, build.waitCreated(waitId, new Date(Date.now() + 3_600_000)));
    const { wait } = await world.events.create(runId, { ...build.waitCompleted(waitId), eventData: { resumeAt: null } } as never);
    expect(wait?.status).toBe('completed');
  });
}

function oddTextPolicies({ policy }: Contract): void {
  for (const [label, odd] of oddTexts) {
    policy(`${label} in ids and names is either kept exactly or refused`, async ({ world }) => {
      const runId = await runningRun(world);
      const outcomes = [
        await keptOrRefused(
          () => world.events.create(runId, build.stepCreated(odd)),
          async () => (await world.steps.get(runId, odd)).stepId,
        ),
        await keptOrRefused(
          () => world.events.create(runId, build.stepCreated('step_1', { stepName: odd })),
          async () => (await world.steps.get(runId, 'step_1')).stepName,
        ),
        await keptOrRefused(
          () => world.events.create(runId, build.hookCreated('hook_1', { token: odd })),
          async () => (await world.hooks.getByToken(odd)).token,
        ),
        await keptOrRefused(
          () => world.events.create(runId, build.hookCreated(odd)),
          async () => (await world.hooks.get(odd)).hookId,
        ),
        await keptOrRefused(
          () => pendingRun(world, { workflowName: odd }, 'run-with-odd-name'),
          async () => (await world.runs.get('run-with-odd-name')).workflowName,
        ),
      ];
      for (const outcome of outcomes) expect(['refused', odd]).toContain(outcome);
      expect((await world.runs.get(runId)).status).toBe('running');
    });
  }

  policy('a pattern letter in a filter stands for itself', async ({ world }) => {
    await pendingRun(world, { workflowName: 'order_line' });
    await pendingRun(world, { workflowName: 'orderXline' });
    const list = async (workflowName: string) => (await world.runs.list({ workflowName })).data.map((run) => run.workflowName);
    expect(await list('order_line')).toEqual(['order_line']);
    expect(await list('order%')).toEqual([]);
    expect(await list('ORDER_LINE')).toEqual([]);
    expect(await list("' or 1=1 --")).toEqual([]);
  });
}

async function keptOrRefused(act: () => Promise<unknown>, read: () => Promise<string>): Promise<string> {
  const refused = await act().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refused === undefined) return read();
  expectThrown(refused, badRequest());
  return 'refused';
}

const oddTexts = [
  ['a NUL character', 'a\u0000b'],
  ['a lone surrogate', 'a\uD800b'],
  ['ten thousand letters', 'x'.repeat(10_000)],
  ['a path', '../../../etc/passwd'],
  ['a quote', `'; drop table runs; --"`],
  ['a line break', 'a\r\nb'],
  ['a name of the language', '__proto__'],
] as const;

const stepId = newStepId();

// As they come from a client that is no TypeScript.
const malformedEvents: readonly (readonly [string, unknown])[] = [
  ['an event that is null', null],
  ['an event without a type', { specVersion: 3 }],
  ['an event of an unknown type', { eventType: 'run_paused', specVersion: 3 }],
  ['a hook_conflict made by hand', { eventType: 'hook_conflict', specVersion: 3, correlationId: newHookId(), eventData: { token: 't' } }],
  ['a correlation id that is no text', { ...build.stepCreated(stepId), correlationId: 7 }],
  ['a step_created without data', { eventType: 'step_created', specVersion: 3, correlationId: stepId }],
  ['a step_created with null for data', { eventType: 'step_created', specVersion: 3, correlationId: stepId, eventData: null }],
  ['a step_created without a name', { eventType: 'step_created', specVersion: 3, correlationId: stepId, eventData: { input: 1 } }],
  ['a step_created with a number for a name', { ...build.stepCreated(stepId), eventData: { stepName: 7, input: 1 } }],
  ['a hook_created without a token', { eventType: 'hook_created', specVersion: 3, correlationId: newHookId(), eventData: {} }],
  ['a hook_created with a number for a token', { ...build.hookCreated(newHookId()), eventData: { token: 7 } }],
  ['a wait_created without resumeAt', { eventType: 'wait_created', specVersion: 3, correlationId: newWaitId(), eventData: {} }],
  ['a wait_created with null for resumeAt', build.waitCreated(newWaitId(), null as unknown as Date)],
  ['a wait_created with an invalid Date', build.waitCreated(newWaitId(), new Date(Number.NaN))],
  ['a wait_created with words for an instant', build.waitCreated(newWaitId(), 'tomorrow' as unknown as Date)],
  ['a version that is no number', { ...build.stepCreated(stepId), specVersion: 'three' }],
];
