import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { endings, endingEvent, pendingRun, pendingStep, runningRun, runningStep } from '../arrange.ts';
import { entityConflict, expectError, notFound, runExpired } from '../expect-error.ts';
import { newStepId, newStepName } from '../ids.ts';
import { payload } from '../payload.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

const hourMs = 3_600_000;

export function steps(contract: Contract): void {
  describe('steps', () => {
    describe('step_created', () => {
      stepCreatedPolicies(contract);
    });
    describe('step_started', () => {
      stepStartedPolicies(contract);
    });
    describe('retries', () => {
      stepRetryingPolicies(contract);
    });
    describe('the end of a step', () => {
      stepEndPolicies(contract);
    });
    describe('steps of a finished run', () => {
      finishedRunPolicies(contract);
    });
  });
}

function stepCreatedPolicies({ policy }: Contract): void {
  policy('creates a pending step that was never tried', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = newStepId();
    const given = { stepName: newStepName(), input: payload([1, 2]) };
    const { step, event } = await world.events.create(runId, build.stepCreated(stepId, given));
    expect(step).toMatchObject({ runId, stepId, status: 'pending', attempt: 0, specVersion: 3, ...given });
    expect(step?.startedAt).toBeUndefined();
    expect(step?.completedAt).toBeUndefined();
    expect(step?.retryAfter).toBeUndefined();
    expect(step?.createdAt).toBeInstanceOf(Date);
    expect(event).toMatchObject({ runId, correlationId: stepId, eventType: 'step_created', eventData: given });
    expect(await world.steps.get(runId, stepId)).toEqual(step);
  });

  for (const state of ['pending', 'running', 'completed', 'failed'] as const) {
    policy(`creating a step that is ${state} already is a conflict without a second event`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await stepIn(world, runId, state);
      const [step, log] = [await world.steps.get(runId, stepId), await readLog(world, runId)];
      await expectError(world.events.create(runId, build.stepCreated(stepId)), entityConflict());
      expect(await world.steps.get(runId, stepId)).toEqual(step);
      expect(await readLog(world, runId)).toEqual(log);
    });
  }

  policy('a step may be created before its run has started', async ({ world }) => {
    const runId = await pendingRun(world);
    const stepId = await pendingStep(world, runId);
    expect((await world.steps.get(runId, stepId)).status).toBe('pending');
  });

  policy('the same step id in two runs means two steps', async ({ world }) => {
    const [first, second] = [await runningRun(world), await runningRun(world)];
    const stepId = newStepId();
    await world.events.create(first, build.stepCreated(stepId, { stepName: 'first' }));
    await world.events.create(second, build.stepCreated(stepId, { stepName: 'second' }));
    await world.events.create(first, build.stepCompleted(stepId));
    expect(await world.steps.get(first, stepId)).toMatchObject({ runId: first, stepName: 'first', status: 'completed' });
    expect(await world.steps.get(second, stepId)).toMatchObject({ runId: second, stepName: 'second', status: 'pending' });
  });

  policy('step ids of older clients are ordinary ids', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = newStepId().replace('step_', 'wstep_');
    await world.events.create(runId, build.stepCreated(stepId));
    expect((await world.steps.get(runId, stepId)).stepId).toBe(stepId);
  });
}

function stepStartedPolicies({ policy, timedPolicy }: Contract): void {
  policy('the first start makes a step running and is attempt 1', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = await pendingStep(world, runId);
    const { step, event } = await world.events.create(runId, build.stepStarted(stepId));
    expect(step).toMatchObject({ runId, stepId, status: 'running', attempt: 1, input: payload('step input') });
    expect(step?.startedAt).toBeInstanceOf(Date);
    expect(event).toMatchObject({ eventType: 'step_started', correlationId: stepId });
    expect(await world.steps.get(runId, stepId)).toEqual(step);
  });

  timedPolicy('each further start counts an attempt and startedAt stays', async ({ world, clock }) => {
    const runId = await runningRun(world);
    const stepId = await runningStep(world, runId);
    const { startedAt } = await world.steps.get(runId, stepId);
    clock.advance(5_000);
    await world.events.create(runId, build.stepStarted(stepId));
    const { step } = await world.events.create(runId, build.stepStarted(stepId));
    expect(step).toMatchObject({ status: 'running', attempt: 3, startedAt });
    expect((await logOf(world, runId)).filter((line) => line === `step_started:${stepId}`)).toHaveLength(3);
  });

  policy('data of step_started is stored as given', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = await pendingStep(world, runId);
    await world.events.create(runId, build.stepStarted(stepId, { stepName: 'n', workflowName: 'w', attempt: 7 }));
    expect(dataOf((await readLog(world, runId)).at(-1))).toEqual({ stepName: 'n', workflowName: 'w', attempt: 7 });
    expect((await world.steps.get(runId, stepId)).attempt).toBe(1);
  });

  policy('a step that does not exist cannot be started', async ({ world }) => {
    const runId = await runningRun(world);
    await expectError(world.events.create(runId, build.stepStarted(newStepId())), notFound);
    expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
  });

  for (const state of ['completed', 'failed'] as const) {
    policy(`a step that is ${state} cannot be started`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await stepIn(world, runId, state);
      const log = await readLog(world, runId);
      await expectError(world.events.create(runId, build.stepStarted(stepId)), entityConflict(/terminal state/i));
      expect(await readLog(world, runId)).toEqual(log);
    });
  }
}

function stepRetryingPolicies({ policy, timedPolicy }: Contract): void {
  policy('a retry makes the step pending again and keeps the error', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = await runningStep(world, runId);
    const retryAfter = new Date(Date.now() + hourMs);
    const retrying = build.stepRetrying(stepId, { error: 'flaky', stack: 'Error: flaky\n  at z', retryAfter });
    const { step, event } = await world.events.create(runId, retrying);
    expect(step).toMatchObject({ status: 'pending', attempt: 1, retryAfter, error: { message: 'flaky', stack: 'Error: flaky\n  at z' } });
    expect(dataOf(event)?.['retryAfter']).toEqual(retryAfter);
    expect(await world.steps.get(runId, stepId)).toEqual(step);
  });

  timedPolicy('a step cannot be started before its retryAfter', async ({ world, clock }) => {
    const runId = await runningRun(world);
    const stepId = await runningStep(world, runId);
    await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: new Date(clock.now() + 2_500) }));
    const log = await readLog(world, runId);
    const error = await expectError(world.events.create(runId, build.stepStarted(stepId)), {
      name: 'TooEarlyError',
      status: 425,
      message: /retryAfter/i,
    });
    expect(error['retryAfter']).toBe(3);
    expect(await readLog(world, runId)).toEqual(log);
    expect((await world.steps.get(runId, stepId)).attempt).toBe(1);
  });

  timedPolicy('a step can be started from the instant of its retryAfter on, and the gate is gone', async ({ world, clock }) => {
    const runId = await runningRun(world);
    const stepId = await runningStep(world, runId);
    await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: new Date(clock.now() + 2_500) }));
    clock.advance(2_500);
    const { step } = await world.events.create(runId, build.stepStarted(stepId));
    expect(step).toMatchObject({ status: 'running', attempt: 2, error: { message: 'try again' } });
    expect(step?.retryAfter ?? undefined).toBeUndefined();
    expect((await world.steps.get(runId, stepId)).retryAfter ?? undefined).toBeUndefined();
  });

  policy('a retry without retryAfter has no gate', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = await runningStep(world, runId);
    const { step } = await world.events.create(runId, build.stepRetrying(stepId));
    expect(step?.retryAfter ?? undefined).toBeUndefined();
    expect((await world.events.create(runId, build.stepStarted(stepId))).step?.attempt).toBe(2);
  });

  policy('a step that was never started may be told to retry', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = await pendingStep(world, runId);
    const { step } = await world.events.create(runId, build.stepRetrying(stepId));
    expect(step).toMatchObject({ status: 'pending', attempt: 0, error: { message: 'try again' } });
  });
}

function stepEndPolicies({ policy }: Contract): void {
  for (const from of ['pending', 'running'] as const) {
    policy(`a ${from} step can be completed`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await stepIn(world, runId, from);
      const { step, event } = await world.events.create(runId, build.stepCompleted(stepId, payload('done')));
      expect(step).toMatchObject({ status: 'completed', output: payload('done'), attempt: from === 'pending' ? 0 : 1 });
      expect(step?.completedAt?.getTime()).toBe(event?.createdAt.getTime());
      expect(await world.steps.get(runId, stepId)).toEqual(step);
    });

    policy(`a ${from} step can fail`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await stepIn(world, runId, from);
      const { step } = await world.events.create(runId, build.stepFailed(stepId, { error: 'no', stack: 'Error: no\n  at s' }));
      expect(step).toMatchObject({ status: 'failed', error: { message: 'no', stack: 'Error: no\n  at s' } });
      expect(step?.completedAt).toBeInstanceOf(Date);
      expect(await world.steps.get(runId, stepId)).toEqual(step);
    });
  }

  for (const [label, error, message] of [
    ['an object', { message: 'it broke' }, 'it broke'],
    ['an object without a message', { reason: 1 }, 'Unknown error'],
    ['null', null, 'Unknown error'],
  ] as const) {
    policy(`the error of a failed or retried step may be ${label}`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await runningStep(world, runId);
      expect((await world.events.create(runId, build.stepRetrying(stepId, { error }))).step?.error?.message).toBe(message);
      expect((await world.events.create(runId, build.stepFailed(stepId, { error }))).step?.error?.message).toBe(message);
    });
  }

  for (const [name, event] of endOfStepEvents) {
    policy(`${name} of a step that does not exist is refused`, async ({ world }) => {
      const runId = await runningRun(world);
      await expectError(world.events.create(runId, event(newStepId())), notFound);
      expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
    });

    for (const state of ['completed', 'failed'] as const) {
      policy(`${name} of a step that is ${state} is a conflict without an event`, async ({ world }) => {
        const runId = await runningRun(world);
        const stepId = await stepIn(world, runId, state);
        const [step, log] = [await world.steps.get(runId, stepId), await readLog(world, runId)];
        await expectError(world.events.create(runId, event(stepId)), entityConflict(/terminal state/i));
        expect(await world.steps.get(runId, stepId)).toEqual(step);
        expect(await readLog(world, runId)).toEqual(log);
      });
    }
  }
}

function finishedRunPolicies({ policy }: Contract): void {
  for (const ending of endings) {
    policy(`no step is created on a run that is ${ending}`, async ({ world }) => {
      const runId = await runningRun(world);
      await world.events.create(runId, endingEvent(ending));
      const log = await readLog(world, runId);
      await expectError(world.events.create(runId, build.stepCreated(newStepId())), entityConflict(/terminal run|terminal state/i));
      expect(await readLog(world, runId)).toEqual(log);
    });

    for (const state of ['pending', 'running'] as const) {
      policy(`a ${state} step of a run that is ${ending} is not started any more`, async ({ world }) => {
        const runId = await runningRun(world);
        const stepId = await stepIn(world, runId, state);
        await world.events.create(runId, endingEvent(ending));
        const log = await readLog(world, runId);
        await expectError(world.events.create(runId, build.stepStarted(stepId)), runExpired);
        expect(await readLog(world, runId)).toEqual(log);
      });
    }

    policy(`a running step of a run that is ${ending} may still report how it ended`, async ({ world }) => {
      const runId = await runningRun(world);
      const [completing, failing] = [await runningStep(world, runId), await runningStep(world, runId)];
      await world.events.create(runId, endingEvent(ending));
      expect((await world.events.create(runId, build.stepCompleted(completing))).step?.status).toBe('completed');
      expect((await world.events.create(runId, build.stepFailed(failing))).step?.status).toBe('failed');
      expect((await world.runs.get(runId)).status).toBe(ending);
      expect((await logOf(world, runId)).slice(-2)).toEqual([`step_completed:${completing}`, `step_failed:${failing}`]);
    });

    policy(`failing a pending step of a run that is ${ending} is a conflict`, async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await pendingStep(world, runId);
      await world.events.create(runId, endingEvent(ending));
      const log = await readLog(world, runId);
      await expectError(world.events.create(runId, build.stepFailed(stepId)), entityConflict());
      expect(await readLog(world, runId)).toEqual(log);
    });
  }
}

const endOfStepEvents = [
  ['step_completed', (stepId: string) => build.stepCompleted(stepId)],
  ['step_failed', (stepId: string) => build.stepFailed(stepId)],
  ['step_retrying', (stepId: string) => build.stepRetrying(stepId)],
] as const;

async function stepIn(world: World, runId: string, state: 'pending' | 'running' | 'completed' | 'failed'): Promise<string> {
  if (state === 'pending') return pendingStep(world, runId);
  const stepId = await runningStep(world, runId);
  if (state === 'completed') await world.events.create(runId, build.stepCompleted(stepId));
  if (state === 'failed') await world.events.create(runId, build.stepFailed(stepId));
  return stepId;
}
