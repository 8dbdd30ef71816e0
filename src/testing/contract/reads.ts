import { describe, expect } from 'vitest';
import { type Event, EVENT_DATA_REF_FIELDS, type World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { endings, finishedRun, pendingRun, runningRun } from '../arrange.ts';
import { badRequest, expectError, hookNotFound, notFound, runNotFound } from '../expect-error.ts';
import { newHookId, newRunId, newStepId, newToken, newWaitId, newWorkflowName } from '../ids.ts';
import { dataOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function reads(contract: Contract): void {
  describe('reads', () => {
    describe('what is not there', () => {
      missingPolicies(contract);
    });
    describe('filters', () => {
      filterPolicies(contract);
    });
    describe('resolveData', () => {
      resolveDataPolicies(contract);
    });
  });
}

function missingPolicies({ policy }: Contract): void {
  policy('a run that does not exist is not found, by its id', async ({ world }) => {
    const runId = newRunId();
    const error = await expectError(world.runs.get(runId), runNotFound);
    expect(error['runId']).toBe(runId);
    await expectError(world.runs.get(runId, { resolveData: 'none' }), runNotFound);
  });

  policy('a step that does not exist is not found, with or without a run', async ({ world }) => {
    const runId = await runningRun(world);
    await expectError(world.steps.get(runId, newStepId()), notFound);
    await expectError(world.steps.get(newRunId(), newStepId()), notFound);
    await expectError(world.steps.get(undefined, newStepId()), notFound);
  });

  policy('a step is not found under another run', async ({ world }) => {
    const [runId, stranger, stepId] = [await runningRun(world), await runningRun(world), newStepId()];
    await world.events.create(runId, build.stepCreated(stepId));
    await expectError(world.steps.get(stranger, stepId), notFound);
  });

  policy('an event that does not exist is not found, nor under another run', async ({ world }) => {
    const [runId, stranger] = [await runningRun(world), await runningRun(world)];
    const eventId = String((await readLog(world, runId))[0]?.eventId);
    await expectError(world.events.get(stranger, eventId), notFound);
    await expectError(world.events.get(newRunId(), eventId), notFound);
    await expectError(world.events.get(runId, 'evnt_01ARZ3NDEKTSV4RRFFQ69G5FAV'), notFound);
    await expectError(world.events.get(runId, 'nonsense'), notFound);
  });

  policy('a hook that does not exist is not found, by id and by token', async ({ world }) => {
    const [hookId, token] = [newHookId(), newToken()];
    expect((await expectError(world.hooks.get(hookId), hookNotFound))['token']).toBe(hookId);
    expect((await expectError(world.hooks.getByToken(token), hookNotFound))['token']).toBe(token);
  });

  policy('lists of what is not there are empty pages', async ({ world }) => {
    const runId = newRunId();
    const pages = [
      await world.runs.list({ workflowName: newWorkflowName() }),
      await world.steps.list({ runId }),
      await world.events.list({ runId }),
      await world.events.listByCorrelationId({ correlationId: newStepId() }),
      await world.events.listByCorrelationId({ correlationId: newStepId(), runId }),
      await world.hooks.list({ runId }),
    ];
    for (const page of pages) expect(page).toMatchObject({ data: [], hasMore: false });
  });
}

function filterPolicies({ policy }: Contract): void {
  policy('runs are listed by workflow name and by status', async ({ world }) => {
    const workflowName = newWorkflowName();
    const pending = await pendingRun(world, { workflowName });
    const running = await runningRun(world, { workflowName });
    const other = await runningRun(world);
    const ids = async (params: Parameters<World['runs']['list']>[0]) => (await world.runs.list(params)).data.map((run) => run.runId);
    expect((await ids({ workflowName })).toSorted()).toEqual([pending, running].toSorted());
    expect(await ids({ workflowName, status: 'pending' })).toEqual([pending]);
    expect(await ids({ workflowName, status: 'running' })).toEqual([running]);
    expect((await ids({ status: 'running' })).toSorted()).toEqual([running, other].toSorted());
    expect((await ids({})).toSorted()).toEqual([pending, running, other].toSorted());
    expect((await ids(undefined)).toSorted()).toEqual([pending, running, other].toSorted());
  });

  policy('each way in which a run ends can be filtered by', async ({ world }) => {
    const byEnding = new Map<string, string>();
    for (const ending of endings) byEnding.set(ending, await finishedRun(world, ending));
    for (const ending of endings) {
      const { data } = await world.runs.list({ status: ending });
      expect(data.map((run) => run.runId)).toEqual([byEnding.get(ending)]);
    }
  });

  policy('a status that no run can have gives an empty page', async ({ world }) => {
    await pendingRun(world);
    const page = await world.runs.list({ status: 'paused' as unknown as 'pending' });
    expect(page).toMatchObject({ data: [], hasMore: false });
  });

  policy('steps, events and hooks are listed of one run only', async ({ world }) => {
    const [runId, other] = [await runningRun(world), await runningRun(world)];
    for (const id of [runId, other]) {
      await world.events.create(id, build.stepCreated(newStepId()));
      await world.events.create(id, build.hookCreated(newHookId()));
    }
    expect((await world.steps.list({ runId })).data.map((step) => step.runId)).toEqual([runId]);
    expect((await world.hooks.list({ runId })).data.map((hook) => hook.runId)).toEqual([runId]);
    expect(new Set((await world.events.list({ runId })).data.map((event) => event.runId))).toEqual(new Set([runId]));
  });

  policy('hooks of all runs are listed if no run is named', async ({ world }) => {
    const hookIds = [newHookId(), newHookId()];
    for (const hookId of hookIds) await world.events.create(await runningRun(world), build.hookCreated(hookId));
    expect((await world.hooks.list({})).data.map((hook) => hook.hookId).toSorted()).toEqual(hookIds.toSorted());
  });

  policy('a step is found by its id alone', async ({ world }) => {
    const [runId, stepId] = [await runningRun(world), newStepId()];
    await world.events.create(runId, build.stepCreated(stepId));
    expect(await world.steps.get(undefined, stepId)).toEqual(await world.steps.get(runId, stepId));
  });

  policy('a hook may be looked up by an id that two runs use', async ({ world }) => {
    const [first, second, hookId] = [await runningRun(world), await runningRun(world), newHookId()];
    await world.events.create(first, build.hookCreated(hookId));
    await world.events.create(second, build.hookCreated(hookId));
    expect([first, second]).toContain((await world.hooks.get(hookId)).runId);
  });

  policy('events are found by correlation id, in one run or in all', async ({ world }) => {
    const [first, second, stepId] = [await runningRun(world), await runningRun(world), newStepId()];
    for (const runId of [first, second]) {
      await world.events.create(runId, build.stepCreated(stepId));
      await world.events.create(runId, build.stepStarted(stepId));
    }
    await world.events.create(first, build.stepCreated(newStepId()));
    const lines = (list: Event[]) => list.map((event) => `${event.runId} ${event.eventType}`);
    const scoped = await world.events.listByCorrelationId({ correlationId: stepId, runId: second });
    expect(lines(scoped.data)).toEqual([`${second} step_created`, `${second} step_started`]);
    const all = await world.events.listByCorrelationId({ correlationId: stepId });
    expect(lines(all.data).toSorted()).toEqual([...lines(scoped.data), `${first} step_created`, `${first} step_started`].toSorted());
  });

  policy('a lookup without an id is refused', async ({ world }) => {
    const nothing = undefined as unknown as string;
    await expectError(world.steps.list({ runId: nothing }), badRequest());
    await expectError(world.events.list({ runId: nothing }), badRequest());
    await expectError(world.events.listByCorrelationId({ correlationId: nothing }), badRequest());
  });
}

function resolveDataPolicies({ policy }: Contract): void {
  policy('without data a run keeps its keys, its error and everything else', async ({ world }) => {
    for (const ending of endings) {
      const runId = await finishedRun(world, ending);
      const { input: _, output: __, ...rest } = await world.runs.get(runId);
      const bare = await world.runs.get(runId, { resolveData: 'none' });
      expect(bare).toEqual({ ...rest, input: undefined, output: undefined });
      expect(Object.keys(bare)).toEqual(expect.arrayContaining(['input', 'output']));
      const [listed] = (await world.runs.list({ status: ending, resolveData: 'none' })).data;
      expect(listed).toEqual(bare);
    }
  });

  policy('without data a step keeps its keys, its error and everything else', async ({ world }) => {
    const [runId, completed, failed] = [await runningRun(world), newStepId(), newStepId()];
    for (const stepId of [completed, failed]) await world.events.create(runId, build.stepCreated(stepId));
    await world.events.create(runId, build.stepCompleted(completed));
    await world.events.create(runId, build.stepFailed(failed));
    for (const stepId of [completed, failed]) {
      const { input: _, output: __, ...rest } = await world.steps.get(runId, stepId);
      const bare = await world.steps.get(runId, stepId, { resolveData: 'none' });
      expect(bare).toEqual({ ...rest, input: undefined, output: undefined });
      expect(Object.keys(bare)).toEqual(expect.arrayContaining(['input', 'output']));
      const listed = (await world.steps.list({ runId, resolveData: 'none' })).data.find((step) => step.stepId === stepId);
      expect(listed).toEqual(bare);
    }
  });

  policy('without data a hook loses its metadata only', async ({ world }) => {
    const [runId, hookId, token] = [await runningRun(world), newHookId(), newToken()];
    await world.events.create(runId, build.hookCreated(hookId, { token, metadata: 'm' }));
    const { metadata: _, ...rest } = await world.hooks.get(hookId);
    expect(await world.hooks.get(hookId, { resolveData: 'none' })).toEqual(rest);
    expect(await world.hooks.getByToken(token, { resolveData: 'none' })).toEqual(rest);
    expect((await world.hooks.list({ runId, resolveData: 'none' })).data).toEqual([rest]);
  });

  policy('without data an event loses its payload fields only', async ({ world }) => {
    const runId = await runWithAllKindsOfEvents(world);
    const full = await readLog(world, runId);
    const bare = (await world.events.list({ runId, resolveData: 'none', pagination: { limit: 1_000 } })).data;
    expect(bare).toHaveLength(full.length);
    for (const [index, event] of bare.entries()) {
      const { eventData: _, ...rest } = event as Event & { eventData?: unknown };
      expect(full[index]).toMatchObject(rest);
      expect(dataOf(event) ?? {}).toEqual(withoutPayload(full[index] as Event));
      expect(await world.events.get(runId, event.eventId, { resolveData: 'none' })).toEqual(event);
      if (event.correlationId === undefined) continue;
      const { correlationId } = event;
      const byId = await world.events.listByCorrelationId({ correlationId, runId, resolveData: 'none' });
      expect(byId.data).toContainEqual(event);
    }
  });

  policy('without data a wait_created still says when to resume, as a Date', async ({ world }) => {
    const [runId, resumeAt] = [await runningRun(world), new Date(Date.now() + 1e7)];
    await world.events.create(runId, build.waitCreated(newWaitId(), resumeAt));
    const { data } = await world.events.list({ runId, resolveData: 'none' });
    expect(dataOf(data.at(-1))?.['resumeAt']).toEqual(resumeAt);
  });
}

async function runWithAllKindsOfEvents(world: World): Promise<string> {
  const owner = await runningRun(world);
  const [runId, token, hookId, waitId] = [newRunId(), newToken(), newHookId(), newWaitId()];
  const [completed, failed] = [newStepId(), newStepId()];
  await world.events.create(owner, build.hookCreated(newHookId(), { token }));
  await world.events.create(runId, build.runCreated({ executionContext: { a: 1 } }));
  const requests = [
    build.runStarted(),
    build.stepCreated(completed, { workflowName: 'w' }),
    build.stepStarted(completed, { attempt: 1 }),
    build.stepRetrying(completed, { stack: 's', retryAfter: new Date(0) }),
    build.stepCompleted(completed),
    build.stepCreated(failed),
    build.stepFailed(failed, { error: 'e', stack: 's', stepName: 'n' }),
    build.hookCreated(hookId, { metadata: 'm', isWebhook: true }),
    build.hookCreated(newHookId(), { token, metadata: 'm' }),
    build.hookReceived(hookId),
    build.hookDisposed(hookId),
    build.waitCreated(waitId, new Date(Date.now() + 1e7)),
    build.waitCompleted(waitId),
    build.runFailed(),
  ];
  for (const request of requests) await world.events.create(runId, request);
  return runId;
}

function withoutPayload(event: Event): Record<string, unknown> {
  const payloadFields = EVENT_DATA_REF_FIELDS[event.eventType] ?? [];
  return Object.fromEntries(Object.entries(dataOf(event) ?? {}).filter(([field]) => !payloadFields.includes(field)));
}
