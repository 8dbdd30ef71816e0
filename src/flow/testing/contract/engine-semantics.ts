import { describe, expect, it } from 'vitest';
import { Result } from '../../result.ts';
import type { StepEvent } from '../../types.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** flow.md §2, point by point. */
export function testEngineSemantics(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine semantics`, () => {
    const world = useEngines(factory);

    it('creates a pending execution and runs it to the end', async () => {
      const engine = await world.open(buildFlow({ greet: { input: { type: 'key', key: 'user' }, outputKey: 'greeting' } }), [
        spy('greet', ({ input }) => Result.success(`Hello, ${(input as { name: string }).name}!`)),
      ]);
      const { execution, created } = await engine.create('flow', { user: { name: 'Ada' } });
      expect([execution.status, created]).toEqual(['pending', true]);
      const result = await engine.run(execution.id);
      expect(result).toMatchObject({
        status: 'completed',
        stepResults: [{ stepId: 'greet', status: 'success', output: 'Hello, Ada!' }],
      });
      expect(result.output).toEqual({ user: { name: 'Ada' }, greeting: 'Hello, Ada!' });
      expect(await engine.run(execution.id)).toMatchObject({ status: 'completed', stepResults: [] });
    });

    it('returns what the output selector picks', async () => {
      const flow = buildFlow({ a: { outputKey: 'sum' } }, { output: { type: 'path', path: 'sum' } });
      const engine = await world.open(flow, [spy('a', Result.success(3))]);
      expect(await world.start(engine)).toMatchObject({ status: 'completed', output: 3 });
    });

    it('follows next before onSuccess, and ends on an explicit null', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: { onSuccess: 'c' }, c: {} });
      const chooses = (next: string | null) => [
        spy('a', Result.success(1, { next })),
        spy('b', Result.success()),
        spy('c', Result.success()),
      ];
      const [jump, end] = [await world.open(flow, chooses('c')), await world.open(flow, chooses(null))];
      expect(trail(await world.start(jump))).toEqual(['a success', 'c success']);
      expect(trail(await world.start(end))).toEqual(['a success']);
    });

    it('follows onFailure with the error in the context', async () => {
      const failing = Result.failure({ code: 'NO_STOCK', message: 'none left', details: { sku: 'x' } });
      const engine = await world.open(buildFlow({ a: { onFailure: 'b' }, b: {} }), [spy('a', failing), spy('b', Result.success())]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({
        status: 'completed',
        context: { error: { code: 'NO_STOCK', message: 'none left', stepId: 'a', details: { sku: 'x' } } },
      });
      expect(trail(execution)).toEqual(['a failure', 'b success']);
    });

    it('fails the execution when a failure leads nowhere, and says where', async () => {
      const engine = await world.open(buildFlow({ a: { onFailure: null } }), [
        spy('a', () => {
          throw Object.assign(new Error('broken pipe'), { code: 'EPIPE' });
        }),
      ]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({ status: 'failed', currentStepId: 'a', failedAt: world.clock.now() });
      expect(execution.error).toMatchObject({
        code: 'HANDLER_ERROR',
        message: 'broken pipe',
        stepId: 'a',
        details: { errorCode: 'EPIPE' },
      });
    });

    it.each([
      [{ type: 'key', key: 'nobody' } as const],
      [{ type: 'path', path: 'user.nobody.name' } as const],
      [{ type: 'template', template: { to: 'Dear ${user.nobody}' } } as const],
      [{ type: 'expression', expression: 'user.nobody' } as const],
    ])('fails a step whose input %j is missing, without calling it or trying again', async (input) => {
      const handler = spy('a', Result.success());
      const engine = await world.open(buildFlow({ a: { input, retries: { maxAttempts: 5 } } }), [handler]);
      const execution = await world.start(engine, { user: { name: 'Ada' } });
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'INPUT_RESOLUTION_ERROR', stepId: 'a' } });
      expect(handler.calls).toHaveLength(0);
      expect(trail(execution)).toEqual(['a failure']);
    });

    it('tries again with exponential back-off, stable key, and a fresh attempt number', async () => {
      const handler = spy('a', ({ attempt }) => (attempt < 4 ? Result.failure({ code: 'BUSY', message: 'busy' }) : Result.success()));
      const retries = { maxAttempts: 3, backoff: 'exponential', initialDelay: 1_000, maxDelay: 3_000 } as const;
      const engine = await world.open(buildFlow({ a: { retries } }), [handler]);
      const begun = world.clock.now();
      const { id } = await world.start(engine);
      expect(await engine.get(id)).toMatchObject({ status: 'running', retryAt: begun + 1_000 });
      await world.pass(engine, 1_000);
      expect(await engine.get(id)).toMatchObject({ retryAt: begun + 3_000 });
      await world.pass(engine, 10_000);
      const execution = await engine.get(id);
      expect(execution.status).toBe('completed');
      expect(execution.history.map(({ startedAt }) => startedAt - begun)).toEqual([0, 1_000, 3_000, 6_000]);
      expect(handler.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
      expect(new Set(handler.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    });

    it('tries only what is retryable, and of that only what retryOn names', async () => {
      const answers = { BUSY: undefined, FINAL: false } as const;
      const failing = (code: keyof typeof answers) =>
        spy('a', Result.failure({ code, message: code, ...(answers[code] === undefined ? {} : { retryable: answers[code] }) }));
      const attempts = async (id: string, code: keyof typeof answers, retryOn?: string[]) => {
        const handler = failing(code);
        const retries = { maxAttempts: 2, initialDelay: 10, ...(retryOn ? { retryOn } : {}) };
        const engine = await world.open(buildFlow({ a: { retries } }, { id }), [handler]);
        await world.start(engine, {}, id);
        await world.pass(engine, 10_000);
        return handler.calls.length;
      };
      expect(await attempts('any', 'BUSY')).toBe(3);
      expect(await attempts('final', 'FINAL')).toBe(1);
      expect(await attempts('other', 'BUSY', ['OTHER'])).toBe(1);
      expect(await attempts('named', 'BUSY', ['BUSY'])).toBe(3);
    });

    it('waits at least as long as the failure asks for', async () => {
      const busy = Result.failure({ code: 'BUSY', message: 'busy', details: { retryAfterMs: 90_000 } });
      const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 1, initialDelay: 10 } } }), [spy('a', busy)]);
      expect((await world.start(engine)).retryAt).toBe(world.clock.now() + 90_000);
    });

    it('fails an attempt at its time-out at once, and discards its late result', async () => {
      const gate = createGate();
      const handler = spy('a', async () => {
        await gate.pass();
        return Result.success('too late');
      });
      const engine = await world.open(buildFlow({ a: { timeout: 5_000, outputKey: 'out', onFailure: 'b' }, b: {} }), [
        handler,
        spy('b', Result.success()),
      ]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      world.clock.advance(5_000);
      expect((await running).status).toBe('completed');
      expect(handler.calls[0]?.signal.aborted).toBe(true);
      gate.open();
      const after = await engine.get(execution.id);
      expect(after.context).toMatchObject({ error: { code: 'TIMEOUT', stepId: 'a' } });
      expect(after.context).not.toHaveProperty('out');
    });

    it('gives a handler that names its own time-out that one, and any other five minutes', async () => {
      const gate = createGate();
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', () => gate.pass())]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      world.clock.advance(299_999);
      expect((await engine.get(execution.id)).status).toBe('running');
      world.clock.advance(1);
      expect(await running).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' } });
    });

    it('waits for resume, hands over the data, and goes on by onResume', async () => {
      const flow = buildFlow({ ask: { onResume: 'done' }, done: {} });
      const engine = await world.open(flow, [spy('ask', Result.wait({ reason: 'approval' })), spy('done', Result.success())]);
      const waiting = await world.start(engine);
      expect(waiting).toMatchObject({ status: 'waiting', waitMetadata: { reason: 'approval' } });
      expect(await engine.resume(waiting.id, { yes: true })).toMatchObject({
        status: 'running',
        currentStepId: 'done',
      });
      await world.drive(engine);
      const execution = await engine.get(waiting.id);
      expect(execution).toMatchObject({
        status: 'completed',
        context: { resumeData: { yes: true }, resumedBy: 'resume' },
      });
      expect(execution).not.toHaveProperty('waitMetadata');
    });

    it('runs the step again after a resume if it names no onResume', async () => {
      const handler = spy('ask', ({ resumed, context }) =>
        resumed ? Result.success({ resumed, data: context.resumeData }) : Result.wait({}),
      );
      const engine = await world.open(buildFlow({ ask: { outputKey: 'out' } }), [handler]);
      const { id } = await world.start(engine);
      await engine.resume(id, 'go');
      await world.drive(engine);
      expect((await engine.get(id)).context.out).toEqual({ resumed: { by: 'resume', data: 'go' }, data: 'go' });
      expect(new Set(handler.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    });

    it('goes by onTimeout when wakeAt passes, else as a resume without data', async () => {
      const sleeps = () => spy('nap', ({ clock, resumed }) => (resumed ? Result.success() : Result.wait({ wakeAt: clock.now() + 1_000 })));
      const timed = await world.open(buildFlow({ nap: { onTimeout: 'late', onResume: 'early' }, late: {}, early: {} }, { id: 'timed' }), [
        sleeps(),
        spy('late', Result.success()),
        spy('early', Result.success()),
      ]);
      const first = await world.start(timed, {}, 'timed');
      await world.pass(timed, 1_000);
      expect(trail(await timed.get(first.id))).toEqual(['nap wait', 'late success']);
      expect((await timed.get(first.id)).context).toEqual({ resumedBy: 'timer' });
      const plain = await world.open(buildFlow({ nap: { onResume: 'early' }, early: {} }, { id: 'plain' }), [
        sleeps(),
        spy('early', Result.success()),
      ]);
      const second = await world.start(plain, { resumeData: 'of an earlier wait' }, 'plain');
      await world.pass(plain, 1_000);
      expect(await plain.get(second.id)).toMatchObject({ status: 'completed', context: { resumedBy: 'timer' } });
      expect((await plain.get(second.id)).context).not.toHaveProperty('resumeData');
    });

    it('refuses to resume what does not wait', async () => {
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', Result.success())]);
      const { id } = await world.start(engine);
      await expect(engine.resume(id)).rejects.toMatchObject({ code: 'EXECUTION_NOT_WAITING' });
      await expect(engine.resume('nobody')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
    });

    it('cancels an execution as a whole when its time is up', async () => {
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', Result.wait({}))]);
      const { execution } = await engine.create('flow', {}, { timeout: 60_000 });
      await world.pass(engine, 59_999);
      expect((await engine.get(execution.id)).status).toBe('waiting');
      await world.pass(engine, 1);
      expect(await engine.get(execution.id)).toMatchObject({
        status: 'cancelled',
        cancellation: { source: 'timeout' },
      });
    });

    it('emits the ten events, each once, with the payloads of the seed page', async () => {
      const handlers = [
        spy('a', ({ attempt }) => (attempt === 1 ? Result.failure({ code: 'X', message: 'x' }) : Result.success(1))),
        spy('b', Result.wait({})),
      ];
      const engine = await world.open(
        buildFlow({ a: { onSuccess: 'b', retries: { maxAttempts: 1, initialDelay: 1 } }, b: { onResume: null } }),
        handlers,
      );
      const seen: string[] = [];
      for (const event of ['created', 'started', 'waiting', 'resumed', 'completed', 'failed', 'cancelled']) {
        engine.on<{ id: string; status: string }>(`execution:${event}`, ({ status }) => seen.push(`${event} ${status}`));
      }
      for (const event of ['started', 'completed', 'failed']) {
        engine.on<StepEvent>(`step:${event}`, ({ stepId, type, attempt }) => seen.push(`step ${event} ${stepId} ${type} ${attempt}`));
      }
      const { id } = await world.start(engine);
      await world.pass(engine, 1);
      await engine.resume(id);
      await world.drive(engine);
      const { id: other } = await world.start(engine);
      await engine.cancel(other, { source: 'admin' });
      expect(seen.slice(0, 9)).toEqual([
        'created pending',
        'started running',
        'step started a a 1',
        'step failed a a 1',
        'step started a a 2',
        'step completed a a 2',
        'step started b b 1',
        'waiting waiting',
        'resumed running',
      ]);
      expect(seen[9]).toBe('completed completed');
      expect(seen.at(-1)).toBe('cancelled cancelled');
    });

    it('reports a step with its input, output and duration', async () => {
      const engine = await world.open(buildFlow({ a: { input: { type: 'key', key: 'n' } } }), [
        spy('a', ({ input }) => Result.success([input])),
      ]);
      const events: StepEvent[] = [];
      engine.on<StepEvent>('step:completed', (event) => events.push(event));
      const { id } = await world.start(engine, { n: 1 });
      const at = world.clock.now();
      expect(events).toEqual([
        {
          executionId: id,
          flowId: 'flow',
          flowVersion: '1.0.0',
          stepId: 'a',
          type: 'a',
          attempt: 1,
          at,
          input: 1,
          output: [1],
          duration: 0,
        },
      ]);
    });

    it('takes one step at a time when asked to', async () => {
      const engine = await world.open(buildFlow({ a: { onSuccess: 'b' }, b: {} }), [
        spy('a', Result.success(1)),
        spy('b', Result.success(2)),
      ]);
      const { execution } = await engine.create('flow');
      expect(await engine.step(execution.id)).toMatchObject({
        stepId: 'a',
        status: 'success',
        output: 1,
        executionStatus: 'running',
      });
      expect(await engine.step(execution.id)).toMatchObject({
        stepId: 'b',
        status: 'success',
        output: 2,
        executionStatus: 'completed',
      });
      await expect(engine.step(execution.id)).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
    });

    it('keeps an execution on the version it started with', async () => {
      const v1 = buildFlow({ a: { onSuccess: 'b' }, b: {} });
      const v2 = buildFlow({ a: {} }, { version: '2.0.0' });
      const handlers = [spy('a', Result.success()), spy('b', Result.success())];
      const engine = await world.open(v1, handlers);
      const { execution } = await engine.create('flow');
      engine.flows.register(v2);
      await engine.run(execution.id);
      expect(await engine.get(execution.id)).toMatchObject({ flowVersion: '1.0.0', status: 'completed' });
      expect((await engine.create('flow')).execution.flowVersion).toBe('2.0.0');
      expect((await engine.create('flow', {}, { version: '1.0.0' })).execution.flowVersion).toBe('1.0.0');
    });

    it('starts only published flows', async () => {
      const engine = await world.open([buildFlow({ a: { type: 'log' } }, { status: 'draft' })]);
      await expect(engine.create('flow')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
      await expect(engine.create('flow', {}, { version: '1.0.0' })).rejects.toMatchObject({ code: 'INVALID_FLOW' });
      await expect(engine.create('nobody')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    });

    it('checks the context against the input schema when an execution is created', async () => {
      const inputSchema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
      const engine = await world.open(buildFlow({ a: { type: 'log' } }, { inputSchema }));
      const refused = await engine.create('flow', { n: 'x' }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'INVALID_INPUT', details: { problems: [{ pointer: '/n' }] } });
      expect((await engine.create('flow', { n: 1 })).created).toBe(true);
    });

    it('saves a checkpoint durably, gives it to the next attempt, and drops it with the step', async () => {
      const handler = spy('a', async ({ checkpoint, attempt }) => {
        const before = await checkpoint.load();
        await checkpoint.save({ page: attempt });
        return attempt === 1 ? Result.failure({ code: 'X', message: 'x' }) : Result.success({ before });
      });
      const engine = await world.open(buildFlow({ a: { outputKey: 'out', retries: { maxAttempts: 1, initialDelay: 5 } } }), [handler]);
      const { id } = await world.start(engine);
      expect((await engine.get(id)).checkpoint).toEqual({ page: 1 });
      await world.pass(engine, 5);
      const execution = await engine.get(id);
      expect(execution.context.out).toEqual({ before: { page: 1 } });
      expect(execution).not.toHaveProperty('checkpoint');
    });

    it('tries an ended execution again as a new one, from where it failed or from earlier', async () => {
      let broken = true;
      const handlers = [
        spy('a', Result.success('a')),
        spy('b', () => (broken ? Result.failure({ code: 'X', message: 'x' }) : Result.success('b'))),
      ];
      const engine = await world.open(buildFlow({ a: { outputKey: 'a', onSuccess: 'b' }, b: { outputKey: 'b' } }), handlers);
      const failed = await world.start(engine, { n: 1 });
      broken = false;
      const { execution } = await engine.retry(failed.id);
      expect(execution).toMatchObject({ status: 'pending', currentStepId: 'b', metadata: { retryOf: failed.id } });
      expect(trail(execution)).toEqual(['a success']);
      await world.drive(engine);
      expect(await engine.get(execution.id)).toMatchObject({ status: 'completed', context: { n: 1, a: 'a', b: 'b' } });
      const whole = await engine.retry(failed.id, { fromStepId: 'a' });
      expect(whole.execution).toMatchObject({ currentStepId: 'a', context: { n: 1 }, history: [] });
      expect((await engine.get(failed.id)).status).toBe('failed');
      await expect(engine.retry(whole.execution.id)).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
    });

    it('waits for an execution to come to a status', async () => {
      const gate = createGate();
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', () => gate.pass().then(() => Result.success()))]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      const waited = engine.waitFor(execution.id);
      gate.open();
      expect((await waited).status).toBe('completed');
      await running;
      const late = engine.waitFor(execution.id, { until: ['failed'], timeoutMs: 0 });
      await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    });
  });
}
