import { describe, expect } from 'vitest';
import type { CreateEventRequest, World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { pendingRun, runningRun, runningStep } from '../arrange.ts';
import { badRequest, expectError, somethingNotFound } from '../expect-error.ts';
import { newHookId, newRunId, newStepId, newWaitId } from '../ids.ts';
import { brokenLogRules, ulidPart } from '../log-rules.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import { ulidTime } from '../../base/ulid.ts';
import type { Contract } from './contract.ts';

export function events(contract: Contract): void {
  describe('events', () => {
    describe('what is stored', () => {
      storedEventPolicies(contract);
    });
    describe('ids and order', () => {
      orderPolicies(contract);
    });
    describe('parameters', () => {
      parameterPolicies(contract);
    });
    describe('the limit of events', () => {
      maxEventsPolicies(contract);
    });
    describe('events without a home', () => {
      homelessEventPolicies(contract);
    });
  });
}

function storedEventPolicies({ policy }: Contract): void {
  policy('what is returned is what is stored', async ({ world }) => {
    const runId = await runningRun(world);
    const [stepId, hookId, waitId] = [newStepId(), newHookId(), newWaitId()];
    const requests = [
      build.stepCreated(stepId, { workflowName: 'w' }),
      build.stepStarted(stepId, { attempt: 1 }),
      build.stepRetrying(stepId, { error: { message: 'x', deep: [1, { two: null }] }, retryAfter: new Date(1_700_000_000_123) }),
      build.hookCreated(hookId, { metadata: { plain: 'json' } }),
      build.hookReceived(hookId),
      build.hookDisposed(hookId),
      build.waitCreated(waitId, new Date(Date.now() + 1e7)),
    ];
    for (const request of requests) {
      const { event } = await world.events.create(runId, request);
      expect(event).toMatchObject({ ...request, runId });
      expect(event?.createdAt).toBeInstanceOf(Date);
      expect(await world.events.get(runId, String(event?.eventId))).toEqual(event);
      expect((await readLog(world, runId)).at(-1)).toEqual(event);
    }
  });

  policy('fields of an event that nobody knows yet are stored as given', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = newStepId();
    const fromTheFuture = { stepName: 's', input: null, priority: 7, nested: { list: [1, 'two'] } };
    await world.events.create(runId, build.stepCreated(stepId, fromTheFuture));
    expect(dataOf((await readLog(world, runId)).at(-1))).toEqual(fromTheFuture);
  });

  policy('hook events may repeat the token', async ({ world }) => {
    const [runId, hookId] = [await runningRun(world), newHookId()];
    await world.events.create(runId, build.hookCreated(hookId, { token: 'tok-repeated' }));
    const received = {
      eventType: 'hook_received',
      specVersion: 3,
      correlationId: hookId,
      eventData: { token: 'tok-repeated', payload: 1 },
    };
    const disposed = { eventType: 'hook_disposed', specVersion: 3, correlationId: hookId, eventData: { token: 'tok-repeated' } };
    await world.events.create(runId, received as CreateEventRequest);
    await world.events.create(runId, disposed as CreateEventRequest);
    expect((await readLog(world, runId)).slice(-2).map(dataOf)).toEqual([received.eventData, disposed.eventData]);
  });

  policy('entities carry the version of the event that created them', async ({ world }) => {
    const runId = await runningRun(world);
    const [stepId, hookId, waitId] = [newStepId(), newHookId(), newWaitId()];
    const inVersion2 = (request: CreateEventRequest) => world.events.create(runId, { ...request, specVersion: 2 });
    expect((await inVersion2(build.stepCreated(stepId))).step?.specVersion).toBe(2);
    expect((await inVersion2(build.hookCreated(hookId))).hook?.specVersion).toBe(2);
    expect((await inVersion2(build.waitCreated(waitId, new Date(Date.now() + 1e7)))).wait?.specVersion).toBe(2);
    expect((await world.steps.get(runId, stepId)).specVersion).toBe(2);
    expect((await world.hooks.get(hookId)).specVersion).toBe(2);
    expect((await world.runs.get(runId)).specVersion).toBe(3);
    expect((await readLog(world, runId)).map((event) => event.specVersion)).toEqual([3, 3, 2, 2, 2]);
  });

  policy('a client that names no version is served like a current one', async ({ world }) => {
    const withoutVersion = ({ specVersion: _, ...request }: CreateEventRequest | ReturnType<typeof build.runCreated>) =>
      request as CreateEventRequest;
    const { run } = await world.events.create(null as unknown as string, withoutVersion(build.runCreated()));
    const runId = String(run?.runId);
    const stepId = newStepId();
    for (const request of [build.runStarted(), build.stepCreated(stepId), build.stepCompleted(stepId), build.runCompleted()]) {
      await world.events.create(runId, withoutVersion(request));
    }
    expect((await world.runs.get(runId)).status).toBe('completed');
    expect((await world.runs.get(runId)).specVersion).toBeTypeOf('number');
    expect(await logOf(world, runId)).toHaveLength(5);
  });
}

function orderPolicies({ policy, timedPolicy }: Contract): void {
  policy('event ids are unique across runs, sort within one and hold their time', async ({ world }) => {
    const runIds = await Promise.all([runningRun(world), runningRun(world), runningRun(world)]);
    for (const runId of runIds) await runningStep(world, runId);
    const logs = await Promise.all(runIds.map((runId) => readLog(world, runId)));
    for (const log of logs) expect(brokenLogRules(log)).toEqual([]);
    const ids = logs.flat().map((event) => event.eventId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(ulidTime(ulidPart(id))).toBeDefined();
  });

  timedPolicy('an event is as old as the clock of the World says', async ({ world, clock }) => {
    const runId = newRunId();
    const createdAt = clock.now();
    await world.events.create(runId, build.runCreated());
    clock.advance(60_000);
    const { run } = await world.events.create(runId, build.runStarted());
    expect(run?.createdAt.getTime()).toBe(createdAt);
    expect(run?.startedAt?.getTime()).toBe(createdAt + 60_000);
    expect((await readLog(world, runId)).map((event) => event.createdAt.getTime())).toEqual([createdAt, createdAt + 60_000]);
  });

  timedPolicy('a clock that is set back never makes an event older than the one before it', async ({ world, clock }) => {
    const runId = await runningRun(world);
    clock.jump(-3_600_000);
    await runningStep(world, runId);
    clock.jump(7_200_000);
    await runningStep(world, runId);
    clock.jump(-86_400_000);
    await runningStep(world, runId);
    const log = await readLog(world, runId);
    expect(log).toHaveLength(8);
    expect(brokenLogRules(log)).toEqual([]);
  });

  policy('what a reader saw is a prefix of what the next one sees', async ({ world }) => {
    const runId = await runningRun(world);
    let before = await readLog(world, runId);
    for (let round = 0; round < 5; round += 1) {
      await runningStep(world, runId);
      const now = await readLog(world, runId);
      expect(now.slice(0, before.length)).toEqual(before);
      before = now;
    }
  });
}

function parameterPolicies({ policy }: Contract): void {
  policy('resolveData none leaves the payload out of what is returned, and stores it', async ({ world }) => {
    const runId = await runningRun(world);
    const stepId = newStepId();
    const { event, step } = await world.events.create(runId, build.stepCreated(stepId, { stepName: 's' }), { resolveData: 'none' });
    expect(dataOf(event)).toEqual({ stepName: 's' });
    expect(step?.stepId).toBe(stepId);
    expect(dataOf((await readLog(world, runId)).at(-1))?.['input']).toBeDefined();
    expect((await world.steps.get(runId, stepId)).input).toBeDefined();
  });

  policy('when an event occurred at the client is kept next to when it was accepted', async ({ world }) => {
    const runId = await runningRun(world);
    const occurredAt = new Date(1_700_000_000_123);
    const { event } = await world.events.create(runId, build.stepCreated(newStepId()), { occurredAt });
    expect(event?.occurredAt).toEqual(occurredAt);
    const stored = (await readLog(world, runId)).at(-1);
    expect(stored?.occurredAt).toEqual(occurredAt);
    expect(stored?.createdAt.getTime()).toBeGreaterThan(occurredAt.getTime());
  });

  policy('a request id and the mark of old clients change nothing', async ({ world }) => {
    const runId = await pendingRun(world);
    const { run } = await world.events.create(runId, build.runStarted(), { requestId: 'fra1::x', v1Compat: false });
    expect(run?.status).toBe('running');
  });
}

function maxEventsPolicies({ policy }: Contract): void {
  policy('a run may have 25000 events unless a setting says otherwise', async ({ world }) => {
    for (const maxEvents of await limitsOnTheWay(world)) expect(maxEvents).toBe(25_000);
  });

  policy(
    'WORKFLOW_MAX_EVENTS sets how many events a run may have',
    async ({ world }) => {
      for (const maxEvents of await limitsOnTheWay(world)) expect(maxEvents).toBe(321);
    },
    { env: { WORKFLOW_MAX_EVENTS: '321' } },
  );
}

function homelessEventPolicies({ policy }: Contract): void {
  for (const [name, request] of homelessEvents) {
    policy(`${name} needs a run id`, async ({ world }) => {
      for (const runId of ['', null, undefined]) {
        await expectError(world.events.create(runId as string, request), badRequest(/runId is required/i));
      }
    });

    policy(`${name} of a run that does not exist is refused and stores nothing`, async ({ world }) => {
      const runId = newRunId();
      await expectError(world.events.create(runId, request), somethingNotFound);
      expect(await logOf(world, runId)).toEqual([]);
      expect((await world.steps.list({ runId })).data).toEqual([]);
      expect((await world.hooks.list({ runId })).data).toEqual([]);
    });

    if (!('correlationId' in request)) continue;
    policy(`${name} needs a correlation id`, async ({ world }) => {
      const runId = await runningRun(world);
      for (const correlationId of ['', undefined, null]) {
        const bad = { ...request, correlationId } as unknown as CreateEventRequest;
        await expectError(world.events.create(runId, bad), badRequest(/correlationId/i));
      }
      expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
    });
  }
}

const homelessEvents = [
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

// Every answer with a run carries the limit, since the SDK takes it from whichever comes first.
async function limitsOnTheWay(world: World): Promise<(number | undefined)[]> {
  const runId = newRunId();
  const results = [
    await world.events.create(runId, build.runCreated()),
    await world.events.create(runId, build.runStarted()),
    await world.events.create(runId, build.runStarted()),
    await world.events.create(runId, build.runCompleted()),
  ];
  return results.map((result) => result.maxEvents);
}
