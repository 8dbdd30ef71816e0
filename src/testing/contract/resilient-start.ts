import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { endings, finishedRun, pendingRun, runningRun } from '../arrange.ts';
import { badRequest, entityConflict, expectError, expectThrown, runExpired, runNotFound } from '../expect-error.ts';
import { newRunId, newWorkflowName } from '../ids.ts';
import { brokenLogRules } from '../log-rules.ts';
import { payload } from '../payload.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

// start() creates the run and queues its first message at the same time; whichever arrives first makes the run.
export function resilientStart(contract: Contract): void {
  describe('resilient start', () => {
    describe('by run_started', () => {
      runStartedPolicies(contract);
    });
    describe('by queue()', () => {
      queuePolicies(contract);
    });
  });
}

function runStartedPolicies({ policy }: Contract): void {
  policy('run_started with the data of the run creates a run that does not exist', async ({ world }) => {
    const [runId, data] = [newRunId(), runData()];
    const { run, event, events } = await world.events.create(runId, build.runStarted(data));
    expect(run).toMatchObject({ runId, status: 'running', specVersion: 3, ...data });
    expect(run?.startedAt).toBeInstanceOf(Date);
    expect(event?.eventType).toBe('run_started');
    expect(events?.map((one) => one.eventType)).toEqual(['run_created', 'run_started']);
    expect(await world.runs.get(runId)).toEqual(run);
  });

  policy('the run_created of a resilient start stands before run_started and holds the data', async ({ world }) => {
    const [runId, data] = [newRunId(), runData()];
    await world.events.create(runId, build.runStarted(data));
    const log = await readLog(world, runId);
    expect(log.map((event) => event.eventType)).toEqual(['run_created', 'run_started']);
    expect(brokenLogRules(log)).toEqual([]);
    expect(dataOf(log[0])).toEqual(data);
    expect(dataOf(log[1])).toBeUndefined();
  });

  policy('run_created that arrives after a resilient start is told that the run exists', async ({ world }) => {
    const [runId, data] = [newRunId(), runData()];
    await world.events.create(runId, build.runStarted(data));
    await expectError(world.events.create(runId, build.runCreated(data)), entityConflict(/already exists/i));
    expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
    expect((await world.runs.get(runId)).status).toBe('running');
  });

  policy('a run that exists takes nothing from the data of run_started', async ({ world }) => {
    const runId = await pendingRun(world, { workflowName: 'first', input: payload('first') });
    const { run } = await world.events.create(runId, build.runStarted(runData()));
    expect(run).toMatchObject({ workflowName: 'first', input: payload('first'), status: 'running' });
    const log = await readLog(world, runId);
    expect(log.map((event) => event.eventType)).toEqual(['run_created', 'run_started']);
    expect(dataOf(log[1])).toBeUndefined();
  });

  policy('a running run takes nothing from the data of run_started', async ({ world }) => {
    const runId = await runningRun(world);
    const before = await world.runs.get(runId);
    const { run, event } = await world.events.create(runId, build.runStarted(runData()));
    expect(run).toEqual(before);
    expect(event).toBeUndefined();
  });

  for (const ending of endings) {
    policy(`data of run_started does not revive a run that is ${ending}`, async ({ world }) => {
      const runId = await finishedRun(world, ending);
      await expectError(world.events.create(runId, build.runStarted(runData())), runExpired);
      expect((await world.runs.get(runId)).status).toBe(ending);
    });
  }

  policy('run_started without the data of the run does not create one', async ({ world }) => {
    const { deploymentId, workflowName, input } = runData();
    const incomplete = [
      undefined,
      {},
      { deploymentId, workflowName },
      { deploymentId, input },
      { workflowName, input },
      { deploymentId: '', workflowName, input },
      { deploymentId, workflowName: '', input },
    ];
    for (const data of incomplete) {
      const runId = newRunId();
      await expectError(world.events.create(runId, build.runStarted(data)), runNotFound);
      await expectError(world.runs.get(runId), runNotFound);
      expect(await logOf(world, runId)).toEqual([]);
    }
  });

  policy('run_started whose names of the run are no text, or none that can be kept, does not create one', async ({ world }) => {
    const unwritable = [Object.create(null) as object];
    const wrong = [{ deploymentId: unwritable }, { workflowName: unwritable }, { deploymentId: 7 }, { workflowName: 'a\0b' }];
    for (const names of wrong) {
      const runId = newRunId();
      const data = { ...runData(), ...names } as unknown as ReturnType<typeof runData>;
      await expectError(world.events.create(runId, build.runStarted(data)), badRequest(/deploymentId|workflowName/));
      await expectError(world.runs.get(runId), runNotFound);
    }
  });

  policy('null, zero and an empty text are inputs to start a run with', async ({ world }) => {
    for (const input of [null, 0, '', false]) {
      const { run } = await world.events.create(newRunId(), build.runStarted({ ...runData(), input }));
      expect(run?.input).toBe(input);
    }
  });

  policy('run_created and run_started that race make one run with one log', async ({ world }) => {
    const runIds = Array.from({ length: 20 }, () => newRunId());
    await Promise.all(runIds.flatMap((runId, index) => race(world, runId, index)));
    for (const runId of runIds) {
      const log = await readLog(world, runId);
      expect(log.map((event) => event.eventType)).toEqual(['run_created', 'run_started']);
      expect(brokenLogRules(log)).toEqual([]);
    }
  });
}

function queuePolicies({ policy }: Contract): void {
  policy('queue() with the data of the run creates it before it returns', async ({ world }) => {
    const [runId, data] = [newRunId(), runData()];
    await queueRun(world, runId, data);
    expect(await world.runs.get(runId)).toMatchObject({ runId, status: 'pending', specVersion: 3, ...data });
    const log = await readLog(world, runId);
    expect(log.map((event) => event.eventType)).toEqual(['run_created']);
    expect(dataOf(log[0])).toEqual(data);
  });

  policy('run_created that arrives after queue() finds the run, as success or as a conflict', async ({ world }) => {
    const [runId, data] = [newRunId(), runData()];
    await queueRun(world, runId, data);
    await createdOrConflict(world, runId, data);
    expect(await logOf(world, runId)).toEqual(['run_created']);
    await world.events.create(runId, build.runStarted());
    await createdOrConflict(world, runId, data);
    expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
  });

  policy('queue() with the data of a run that exists changes nothing of it', async ({ world }) => {
    const runId = await runningRun(world, { workflowName: 'first' });
    const [run, log] = [await world.runs.get(runId), await readLog(world, runId)];
    await queueRun(world, runId, runData());
    expect(await world.runs.get(runId)).toEqual(run);
    expect(await readLog(world, runId)).toEqual(log);
  });

  policy('queue() with the data of a finished run does not revive it', async ({ world }) => {
    const runId = await finishedRun(world, 'cancelled');
    const log = await readLog(world, runId);
    await queueRun(world, runId, runData());
    expect((await world.runs.get(runId)).status).toBe('cancelled');
    expect(await readLog(world, runId)).toEqual(log);
  });

  policy('run_created and queue() that race make one run with one log', async ({ world }) => {
    const runIds = Array.from({ length: 20 }, () => newRunId());
    const data = runData();
    await Promise.all(runIds.flatMap((runId) => [createdOrConflict(world, runId, data), queueRun(world, runId, data)]));
    for (const runId of runIds) expect(await logOf(world, runId)).toEqual(['run_created']);
  });
}

type RunData = ReturnType<typeof runData>;

function runData() {
  return { deploymentId: 'dpl_test', workflowName: newWorkflowName(), input: payload('resilient'), executionContext: { traceId: 'r' } };
}

function queueRun(world: World, runId: string, data: RunData): Promise<unknown> {
  return world.queue(`__wkf_workflow_${data.workflowName}`, { runId, runInput: { ...data, specVersion: 3 } });
}

async function createdOrConflict(world: World, runId: string, data: RunData): Promise<void> {
  const outcome = await world.events.create(runId, build.runCreated(data)).catch((error: unknown) => error);
  if (outcome instanceof Error) expectThrown(outcome, entityConflict(/already exists/i));
  else expect(outcome).toMatchObject({ run: { runId } });
}

function race(world: World, runId: string, index: number): Promise<unknown>[] {
  const data = runData();
  const acts = [
    () => createdOrConflict(world, runId, data),
    () => world.events.create(runId, build.runStarted(data)),
    () => world.events.create(runId, build.runStarted(data)),
  ];
  // Each run begins the race with another one of them.
  return acts.map((_, turn) => (acts[(turn + index) % acts.length] as () => Promise<unknown>)());
}
