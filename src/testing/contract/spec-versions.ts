import { describe, expect } from 'vitest';
import type { CreateEventRequest, World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { runningRun } from '../arrange.ts';
import { entityConflict, expectError } from '../expect-error.ts';
import { newHookId, newRunId, newStepId, newWaitId } from '../ids.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function specVersions(contract: Contract): void {
  describe('spec versions', () => {
    describe('runs of the first version', () => {
      legacyPolicies(contract);
    });
    describe('runs of a later version', () => {
      laterVersionPolicies(contract);
    });
  });
}

function legacyPolicies({ policy }: Contract): void {
  policy('a run of the first version is created and stored as such', async ({ world }) => {
    const runId = await runOfVersion(world, 1);
    expect(await world.runs.get(runId)).toMatchObject({ specVersion: 1, status: 'pending' });
    expect((await readLog(world, runId)).map((event) => event.specVersion)).toEqual([1]);
  });

  policy('cancelling a legacy run changes the run and appends no event', async ({ world }) => {
    const runId = await runOfVersion(world, 1);
    const result = await world.events.create(runId, { ...build.runCancelled(), specVersion: 1 }, { v1Compat: true });
    expect(result.run).toMatchObject({ runId, status: 'cancelled' });
    expect(result.run?.completedAt).toBeInstanceOf(Date);
    expect(result.event).toBeUndefined();
    expect(await world.runs.get(runId)).toMatchObject({ status: 'cancelled', completedAt: result.run?.completedAt });
    expect(await logOf(world, runId)).toEqual(['run_created']);
  });

  policy('a hook payload and a completed wait of a legacy run are appended without looking', async ({ world }) => {
    const runId = await runOfVersion(world, 1);
    const [hookId, waitId] = [newHookId(), newWaitId()];
    const received = await world.events.create(runId, { ...build.hookReceived(hookId, { plain: 'json' }), specVersion: 1 });
    expect(received.event).toMatchObject({ eventType: 'hook_received', correlationId: hookId });
    await world.events.create(runId, { ...build.waitCompleted(waitId), specVersion: 1 });
    await world.events.create(runId, { ...build.waitCompleted(waitId), specVersion: 1 });
    const completed = `wait_completed:${waitId}`;
    expect(await logOf(world, runId)).toEqual(['run_created', `hook_received:${hookId}`, completed, completed]);
    expect(dataOf((await readLog(world, runId))[1])?.['payload']).toEqual({ plain: 'json' });
  });

  for (const [name, request] of eventsButCreation) {
    if (['run_cancelled', 'hook_received', 'wait_completed'].includes(name)) continue;
    policy(`${name} is not supported for legacy runs`, async ({ world }) => {
      const runId = await runOfVersion(world, 1);
      await expectError(world.events.create(runId, request), {
        name: ['WorkflowWorldError', 'EntityConflictError', 'Error'],
        status: 409,
        message: /not supported for legacy runs/,
      });
      expect((await world.runs.get(runId)).status).toBe('pending');
      expect(await logOf(world, runId)).toEqual(['run_created']);
    });
  }

  policy('runs of the second version are no legacy runs', async ({ world }) => {
    const runId = await runOfVersion(world, 2);
    await world.events.create(runId, { ...build.runStarted(), specVersion: 2 });
    expect(await world.runs.get(runId)).toMatchObject({ status: 'running', specVersion: 2 });
  });

  policy('an event of the first version on a current run keeps to the rules of the run', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = newStepId();
    await world.events.create(runId, { ...build.stepCreated(stepId), specVersion: 1 });
    await expectError(world.events.create(runId, { ...build.stepCreated(stepId), specVersion: 1 }), entityConflict());
  });
}

function laterVersionPolicies({ policy }: Contract): void {
  policy('a run of a later version is created and stored as such', async ({ world }) => {
    const runId = await runOfVersion(world, 4);
    expect(await world.runs.get(runId)).toMatchObject({ specVersion: 4, status: 'pending' });
  });

  for (const [name, request] of eventsButCreation) {
    policy(`${name} on a run of a later version is refused and leaves it alone`, async ({ world }) => {
      const runId = await runOfVersion(world, 4);
      const error = await expectError(world.events.create(runId, request), gateFor(name));
      if (error.name === 'RunNotSupportedError') expect(error).toMatchObject({ runSpecVersion: 4, worldSpecVersion: 3 });
      expect((await world.runs.get(runId)).status).toBe('pending');
      expect(await logOf(world, runId)).toEqual(['run_created']);
    });
  }
}

// The reference Worlds do not read the run for these two, so for them the missing step speaks first.
function gateFor(name: string) {
  const stepSpeaksFirst = name === 'step_completed' || name === 'step_retrying';
  return { name: stepSpeaksFirst ? ['RunNotSupportedError', 'WorkflowWorldError'] : 'RunNotSupportedError' };
}

const eventsButCreation: readonly (readonly [string, CreateEventRequest])[] = [
  build.runStarted(),
  build.runCompleted(),
  build.runFailed(),
  build.runCancelled(),
  build.stepCreated(newStepId()),
  build.stepStarted(newStepId()),
  build.stepCompleted(newStepId()),
  build.stepFailed(newStepId()),
  build.stepRetrying(newStepId()),
  build.hookCreated(newHookId()),
  build.hookReceived(newHookId()),
  build.hookDisposed(newHookId()),
  build.waitCreated(newWaitId(), new Date(Date.now() + 1e7)),
  build.waitCompleted(newWaitId()),
].map((request) => [request.eventType, request] as const);

async function runOfVersion(world: World, version: number): Promise<string> {
  const runId = newRunId();
  await world.events.create(runId, build.runCreated({ input: ['plain', 'json'] }, version));
  return runId;
}
