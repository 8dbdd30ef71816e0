import { describe, expect } from 'vitest';
import { newUlid, ulidTime } from '../../base/ulid.ts';
import * as build from '../event-builders.ts';
import { endings, endingEvent, finishedRun, pendingRun, runningRun, runningStep } from '../arrange.ts';
import { badRequest, entityConflict, expectError, runExpired, runNotFound } from '../expect-error.ts';
import { newRunId, newWaitId, newWorkflowName } from '../ids.ts';
import { payload } from '../payload.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function runs(contract: Contract): void {
  describe('runs', () => {
    describe('run_created', () => {
      runCreatedPolicies(contract);
    });
    describe('run_started', () => {
      runStartedPolicies(contract);
    });
    describe('the end of a run', () => {
      runEndPolicies(contract);
    });
    describe('run_cancelled', () => {
      runCancelledPolicies(contract);
    });
  });
}

function runCreatedPolicies({ policy }: Contract): void {
  policy('creates a pending run from what it is given', async ({ world }) => {
    const runId = newRunId();
    const given = {
      deploymentId: 'dpl_1',
      workflowName: newWorkflowName(),
      input: payload([1]),
      executionContext: { a: { b: [1, null] } },
    };
    const { run, event } = await world.events.create(runId, build.runCreated(given));
    expect(run).toMatchObject({ runId, status: 'pending', specVersion: 3, ...given });
    expect(run?.startedAt).toBeUndefined();
    expect(run?.completedAt).toBeUndefined();
    expect(run?.output).toBeUndefined();
    expect(run?.error).toBeUndefined();
    expect(run?.createdAt).toBeInstanceOf(Date);
    expect(run?.updatedAt).toBeInstanceOf(Date);
    expect(event).toMatchObject({ runId, eventType: 'run_created', specVersion: 3, eventData: given });
    expect(await world.runs.get(runId)).toEqual(run);
  });

  for (const [label, id] of [
    ['null', null],
    ['empty', ''],
  ] as const) {
    policy(`mints a run id if the client's is ${label}`, async ({ world }) => {
      const { run, event } = await world.events.create(id, build.runCreated());
      expect(run?.runId).toMatch(/^wrun_/);
      expect(ulidTime(String(run?.runId).slice('wrun_'.length))).toBeDefined();
      expect(event?.runId).toBe(run?.runId);
      expect(await logOf(world, String(run?.runId))).toEqual(['run_created']);
    });
  }

  policy('accepts a run id of the client that is no ULID', async ({ world }) => {
    const ids = ['wrun_client_provided_id', 'order-4711', '__proto__', 'constructor', `wrun_${'x'.repeat(123)}`];
    for (const runId of ids) {
      const { run } = await world.events.create(runId, build.runCreated());
      expect(run?.runId).toBe(runId);
      expect((await world.runs.get(runId)).runId).toBe(runId);
    }
  });

  policy('tells run ids apart that differ only in case', async ({ world }) => {
    const lower = await pendingRun(world, { workflowName: 'lower' }, 'wrun_case-a');
    const upper = await pendingRun(world, { workflowName: 'upper' }, 'wrun_case-A');
    expect((await world.runs.get(lower)).workflowName).toBe('lower');
    expect((await world.runs.get(upper)).workflowName).toBe('upper');
  });

  policy('accepts a ULID up to a day old and a few minutes ahead', async ({ world }) => {
    for (const age of [23 * hourMs, -4 * minuteMs]) {
      const runId = `wrun_${newUlid(Date.now() - age)}`;
      const { run } = await world.events.create(runId, build.runCreated());
      expect(run?.runId).toBe(runId);
    }
  });

  policy('refuses a ULID whose time lies outside the window', async ({ world }) => {
    for (const age of [25 * hourMs, -6 * minuteMs, Date.now()]) {
      const runId = `wrun_${newUlid(Date.now() - age)}`;
      await expectError(world.events.create(runId, build.runCreated()), badRequest(/runId|timestamp/i));
      await expectError(world.runs.get(runId), runNotFound);
    }
  });

  policy('refuses a run id with other characters or of more than 128', async ({ world }) => {
    for (const runId of ['a b', 'wrun_ü', '../../etc/passwd', "x'; drop table runs; --", 'a\u0000b', 'x'.repeat(129)]) {
      await expectError(world.events.create(runId, build.runCreated()), badRequest());
    }
  });

  policy('refuses to create a run twice and leaves the first as it was', async ({ world }) => {
    const runId = await pendingRun(world, { workflowName: 'first' });
    await expectError(world.events.create(runId, build.runCreated({ workflowName: 'second' })), entityConflict(/already exists/i));
    expect((await world.runs.get(runId)).workflowName).toBe('first');
    expect(await logOf(world, runId)).toEqual(['run_created']);
  });

  policy('refuses to create a run that has ended long since', async ({ world }) => {
    const runId = await finishedRun(world, 'completed');
    await expectError(world.events.create(runId, build.runCreated()), entityConflict(/already exists/i));
    expect((await world.runs.get(runId)).status).toBe('completed');
  });
}

function runStartedPolicies({ policy, timedPolicy }: Contract): void {
  policy('starts a pending run', async ({ world }) => {
    const runId = await pendingRun(world, { input: payload('in'), executionContext: { traceId: 't' } });
    const { run, event } = await world.events.create(runId, build.runStarted());
    expect(run).toMatchObject({ runId, status: 'running', input: payload('in'), executionContext: { traceId: 't' } });
    expect(event?.eventType).toBe('run_started');
    expect(event && 'eventData' in event ? event.eventData : undefined).toBeUndefined();
    expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
  });

  policy('startedAt is the instant of the run_started event and not before the creation', async ({ world }) => {
    const runId = await pendingRun(world);
    const { run, event } = await world.events.create(runId, build.runStarted());
    expect(run?.startedAt).toBeInstanceOf(Date);
    expect(run?.startedAt?.getTime()).toBe(event?.createdAt.getTime());
    expect(run?.startedAt?.getTime()).toBeGreaterThanOrEqual(Number(run?.createdAt.getTime()));
  });

  policy('run_started hands over the whole log', async ({ world }) => {
    const runId = await pendingRun(world);
    const result = await world.events.create(runId, build.runStarted());
    expect(result.events).toEqual(await readLog(world, runId));
    expect(result.hasMore ?? false).toBe(false);
    expect(typeof result.cursor).toBe('string');
  });

  timedPolicy('a run_started of a running run appends nothing, changes nothing and hands over the whole log', async ({ world, clock }) => {
    const runId = await runningRun(world);
    await runningStep(world, runId);
    const before = await world.runs.get(runId);
    clock.advance(5_000);
    const result = await world.events.create(runId, build.runStarted());
    expect(result.event).toBeUndefined();
    expect(result.run).toEqual(before);
    expect(result.events?.map((event) => event.eventType)).toEqual(['run_created', 'run_started', 'step_created', 'step_started']);
    expect(result.hasMore ?? false).toBe(false);
    expect(await world.runs.get(runId)).toEqual(before);
    expect((await logOf(world, runId)).length).toBe(4);
  });

  policy('a large log is handed over whole', async ({ world }) => {
    const runId = await runningRun(world);
    const inAnHour = new Date(Date.now() + hourMs);
    await Promise.all(Array.from({ length: 1_100 }, () => world.events.create(runId, build.waitCreated(newWaitId(), inAnHour))));
    const { events, hasMore } = await world.events.create(runId, build.runStarted());
    expect(events?.length).toBe(1_102);
    expect(hasMore ?? false).toBe(false);
  });

  for (const ending of endings) {
    policy(`a run that is ${ending} has expired for run_started`, async ({ world }) => {
      const runId = await finishedRun(world, ending);
      const before = await readLog(world, runId);
      await expectError(world.events.create(runId, build.runStarted()), runExpired);
      expect(await readLog(world, runId)).toEqual(before);
      expect((await world.runs.get(runId)).status).toBe(ending);
    });
  }
}

function runEndPolicies({ policy }: Contract): void {
  for (const from of ['pending', 'running'] as const) {
    for (const ending of endings) {
      policy(`a ${from} run can become ${ending}`, async ({ world }) => {
        const runId = await (from === 'pending' ? pendingRun(world) : runningRun(world));
        const { run, event } = await world.events.create(runId, endingEvent(ending));
        expect(run).toMatchObject({ runId, status: ending });
        expect(run?.completedAt).toBeInstanceOf(Date);
        expect(run?.completedAt?.getTime()).toBe(event?.createdAt.getTime());
        expect(event?.eventType).toBe(`run_${ending}`);
        expect(await world.runs.get(runId)).toEqual(run);
        expect((await logOf(world, runId)).at(-1)).toBe(`run_${ending}`);
      });
    }
  }

  for (const ending of endings) {
    for (const next of ['completed', 'failed', 'cancelled'] as const) {
      if (ending === 'cancelled' && next === 'cancelled') continue;
      policy(`a run that is ${ending} never becomes ${next}`, async ({ world }) => {
        const runId = await finishedRun(world, ending);
        const [run, log] = [await world.runs.get(runId), await readLog(world, runId)];
        await expectError(world.events.create(runId, endingEvent(next)), entityConflict(/terminal state/i));
        expect(await world.runs.get(runId)).toEqual(run);
        expect(await readLog(world, runId)).toEqual(log);
      });
    }
  }

  for (const ending of endings) {
    policy(`a run that does not exist cannot become ${ending}`, async ({ world }) => {
      const runId = newRunId();
      await expectError(world.events.create(runId, endingEvent(ending)), runNotFound);
      await expectError(world.runs.get(runId), runNotFound);
      expect(await logOf(world, runId)).toEqual([]);
    });
  }

  policy('the output is kept, and only a completed run has one', async ({ world }) => {
    const [completed, failed, cancelled] = await Promise.all(endings.map((ending) => finishedRun(world, ending)));
    expect((await world.runs.get(String(completed))).output).toEqual(payload('output'));
    expect((await world.runs.get(String(failed))).output).toBeUndefined();
    expect((await world.runs.get(String(cancelled))).output).toBeUndefined();
  });

  policy('only a failed run has an error', async ({ world }) => {
    const [completed, failed, cancelled] = await Promise.all(endings.map((ending) => finishedRun(world, ending)));
    expect((await world.runs.get(String(completed))).error).toBeUndefined();
    expect((await world.runs.get(String(failed))).error).toMatchObject({ message: 'boom', code: 'USER_ERROR' });
    expect((await world.runs.get(String(cancelled))).error).toBeUndefined();
  });

  for (const [label, error, expected] of [
    ['text', 'it broke', { message: 'it broke' }],
    ['an object', { message: 'it broke', stack: 'Error: it broke\n  at x' }, { message: 'it broke', stack: 'Error: it broke\n  at x' }],
    ['an object without a message', { reason: 1 }, { message: 'Unknown error' }],
    ['null', null, { message: 'Unknown error' }],
  ] as const) {
    policy(`the error of a failed run may be ${label}`, async ({ world }) => {
      const runId = await runningRun(world);
      const { run } = await world.events.create(runId, build.runFailed({ error, errorCode: 'RUNTIME_ERROR' }));
      expect(run?.error).toMatchObject({ ...expected, code: 'RUNTIME_ERROR' });
      expect((await world.runs.get(runId)).error).toMatchObject({ ...expected, code: 'RUNTIME_ERROR' });
      expect(dataOf((await readLog(world, runId)).at(-1))?.['error']).toEqual(error);
    });
  }

  policy('a stack may stand next to the error of a failed run', async ({ world }) => {
    const runId = await runningRun(world);
    const eventData = { error: 'it broke', stack: 'Error: it broke\n  at y' };
    const { run } = await world.events.create(runId, build.runFailed(eventData));
    expect(run?.error).toMatchObject({ message: 'it broke', stack: eventData.stack });
  });
}

function runCancelledPolicies({ timedPolicy }: Contract): void {
  timedPolicy('cancelling again succeeds, appends an event and leaves the run as it was', async ({ world, clock }) => {
    const runId = await finishedRun(world, 'cancelled');
    const before = await world.runs.get(runId);
    clock.advance(5_000);
    const { run, event } = await world.events.create(runId, build.runCancelled());
    expect(event?.eventType).toBe('run_cancelled');
    expect(run).toEqual(before);
    expect(await world.runs.get(runId)).toEqual(before);
    expect((await logOf(world, runId)).slice(-2)).toEqual(['run_cancelled', 'run_cancelled']);
  });
}
