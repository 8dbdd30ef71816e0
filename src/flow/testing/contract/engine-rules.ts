import { describe, expect, it } from 'vitest';
import { defineHandler } from '../../define-handler.ts';
import { Result } from '../../result.ts';
import type { Flow, HandlerResult } from '../../types.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** The thirteen rules of flow.md §4, in its words; 11 and the crashes of 1 and 2 are in `engine-faults`. */
export function testEngineRules(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine rules`, () => {
    const world = useEngines(factory);

    it('1. two workers never run the same step visit at the same time', async () => {
      const gate = createGate();
      let [open, most, calls] = [0, 0, 0];
      const slow = () =>
        spy('a', async () => {
          calls += 1;
          open += 1;
          most = Math.max(most, open);
          await gate.pass();
          open -= 1;
          return Result.success();
        });
      const flow = buildFlow({ a: {} });
      const engines = [await world.open(flow, [slow()]), await world.open(flow, [slow()]), await world.open(flow, [slow()])] as const;
      const { execution } = await engines[0].create('flow');
      const runs = Promise.allSettled([...engines, ...engines].map((engine) => engine.run(execution.id)));
      await gate.reached;
      gate.open();
      const settled = await runs;
      expect([most, calls]).toEqual([1, 1]);
      for (const one of settled) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'EXECUTION_CONFLICT', retryable: true });
      }
      expect((await engines[0].get(execution.id)).status).toBe('completed');
    });

    it('2. "step started, attempt n" is durable before the handler is called', async () => {
      const seen: unknown[] = [];
      const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 1, initialDelay: 1 } } }), [
        spy('a', async ({ execution, attempt }) => {
          const stored = await engine.store.load(execution.id);
          seen.push([stored?.status, stored?.attempt?.stepId, stored?.attempt?.attempt, stored?.attempt?.status]);
          return attempt === 1 ? Result.failure({ code: 'X', message: 'x' }) : Result.success();
        }),
      ]);
      await world.start(engine);
      await world.pass(engine, 1);
      expect(seen).toEqual([
        ['running', 'a', 1, 'started'],
        ['running', 'a', 2, 'started'],
      ]);
    });

    it('3. a signal wait is never resumed by a tick, a restart, or a poll', async () => {
      const flow = buildFlow({ a: { onResume: 'b', onTimeout: 'b' }, b: {} });
      const handlers = () => [spy('a', Result.wait({ reason: 'signal' })), spy('b', Result.success())];
      const engine = await world.open(flow, handlers());
      const { id, revision } = await world.start(engine);
      await world.pass(engine, 10 * 365 * 86_400_000);
      await world.backend.kill(engine);
      const other = await world.open(flow, handlers());
      await world.pass(other, 86_400_000);
      expect(await other.run(id)).toMatchObject({ status: 'waiting', stepResults: [] });
      expect(await other.get(id)).toMatchObject({ status: 'waiting', revision });
    });

    it('4. a wait that leads back to itself ends at MAX_STEPS', async () => {
      const engine = await world.open(buildFlow({ nap: {} }), [spy('nap', ({ clock }) => Result.wait({ wakeAt: clock.now() + 1 }))], {
        maxSteps: 50,
      });
      const { id } = await world.start(engine);
      await world.pass(engine, 1_000);
      const execution = await engine.get(id);
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'MAX_STEPS', stepId: 'nap' }, stepCount: 50 });
    });

    it('4. so does a loop of steps', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: { onSuccess: 'a' } });
      const engine = await world.open(flow, [spy('a', Result.success()), spy('b', Result.success())], { maxSteps: 7 });
      const execution = await world.start(engine);
      expect(execution).toMatchObject({
        status: 'failed',
        error: { code: 'MAX_STEPS', stepId: 'b' },
        visits: { a: 4, b: 3 },
      });
    });

    it('5. of 100 concurrent resumes with one token, one wins and 99 get INVALID_RESUME_TOKEN', async () => {
      const flow = buildFlow({ a: { onResume: 'b' }, b: { onResume: 'c' }, c: {} });
      let token = '';
      const handlers = () => [
        spy('a', async ({ tokens, execution }) => Result.wait({ token: (token = await tokens.create(execution.id)) })),
        spy('b', Result.wait({ reason: 'another wait, which a used token must not end' })),
        spy('c', Result.success()),
      ];
      const engines = [await world.open(flow, handlers()), await world.open(flow, handlers())] as const;
      const { id, waitMetadata } = await world.start(engines[0]);
      expect(waitMetadata?.token).toMatch(/^sha256:/);
      const uses = Array.from({ length: 100 }, (_, n) => (engines[n % 2] as (typeof engines)[0]).resume({ token }, n));
      const settled = await Promise.allSettled(uses);
      const refused = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
      expect(refused).toEqual(Array.from({ length: 99 }, () => 'INVALID_RESUME_TOKEN'));
      await world.drive(engines[0]);
      const execution = await engines[0].get(id);
      expect(execution).toMatchObject({ status: 'waiting', currentStepId: 'b' });
      expect(execution.context.resumeData).toBe(settled.findIndex(({ status }) => status === 'fulfilled'));
    });

    it('5. a token used before its wait is durable is kept and applied at the wait', async () => {
      let token = '';
      const gate = createGate();
      const handlers = [
        spy('a', async ({ tokens, execution }) => {
          token = await tokens.create(execution.id);
          await gate.pass();
          return Result.wait({ token });
        }),
        spy('b', Result.success()),
      ];
      const engine = await world.open(buildFlow({ a: { onResume: 'b' }, b: {} }), handlers);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      await engine.resume({ token }, { fast: true });
      await expect(engine.resume({ token })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
      gate.open();
      expect((await running).status).toBe('completed');
      expect((await engine.get(execution.id)).context).toMatchObject({
        resumeData: { fast: true },
        resumedBy: 'resume',
      });
    });

    it('5. a revoked, an expired and a dead execution’s token are refused', async () => {
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', Result.wait({}))]);
      const { id } = await world.start(engine);
      const [revoked, expired, last] = [
        await engine.tokens.create(id),
        await engine.tokens.create(id, 1_000),
        await engine.tokens.create(id),
      ];
      await engine.tokens.revoke(revoked);
      world.clock.advance(1_000);
      await engine.cancel(id);
      for (const token of [revoked, expired, last, 'made up']) {
        await expect(engine.resume({ token })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
      }
    });

    it('6. 100 concurrent creates with one key make one execution; another tenant never receives it', async () => {
      const flow = buildFlow({ a: { type: 'log' } });
      const engines = [await world.open(flow), await world.open(flow)] as const;
      const create = (n: number, tenantId: string) =>
        (engines[n % 2] as (typeof engines)[0]).create('flow', { n }, { idempotencyKey: 'order-7', tenantId });
      const results = await Promise.all(Array.from({ length: 100 }, (_, n) => create(n, 'mine')));
      expect(new Set(results.map(({ execution }) => execution.id)).size).toBe(1);
      expect(results.filter(({ created }) => created)).toHaveLength(1);
      const other = await create(0, 'theirs');
      expect(other.created).toBe(true);
      expect(other.execution).toMatchObject({ tenantId: 'theirs', idempotencyKey: 'order-7' });
    });

    it('6. a key lives for its ttl, 24 hours unless it says otherwise, at most 30 days', async () => {
      const engine = await world.open(buildFlow({ a: { type: 'log' } }));
      const create = (idempotencyTTL?: number) =>
        engine.create('flow', {}, { idempotencyKey: 'k', ...(idempotencyTTL ? { idempotencyTTL } : {}) });
      const { execution } = await create();
      world.clock.advance(86_400_000 - 1);
      expect(await create()).toMatchObject({ created: false, execution: { id: execution.id } });
      world.clock.advance(1);
      expect((await create(1_000)).created).toBe(true);
      await expect(create(31 * 86_400_000)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });

    it('7. a cancel during a handler ends cancelled, not completed', async () => {
      const gate = createGate();
      const after = spy('b', Result.success());
      const handler = spy('a', () => gate.pass().then(() => Result.success('late')));
      const engine = await world.open(buildFlow({ a: { onSuccess: 'b', outputKey: 'out' }, b: {} }), [handler, after]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      expect(await engine.cancel(execution.id, { source: 'user', reason: 'stop' })).toMatchObject({ cancelled: true });
      expect(handler.calls[0]?.signal.aborted).toBe(true);
      expect((await running).status).toBe('cancelled');
      gate.open();
      await world.drive(engine);
      const ended = await engine.get(execution.id);
      expect(ended).toMatchObject({
        status: 'cancelled',
        cancellation: { source: 'user', reason: 'stop' },
        context: {},
      });
      expect(after.calls).toHaveLength(0);
    });

    it('8. a throwing event listener stops and repeats nothing', async () => {
      const handler = spy('a', Result.success());
      const engine = await world.open(buildFlow({ a: {} }), [handler]);
      for (const event of ['execution:started', 'step:started', 'step:completed', 'execution:completed']) {
        engine.on(event, () => {
          throw new Error('listener');
        });
        engine.on(event, async () => {
          throw new Error('listener');
        });
      }
      expect((await world.start(engine)).status).toBe('completed');
      expect(handler.calls).toHaveLength(1);
    });

    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    it.each<[string, unknown, string, Partial<Flow['steps'][string]>]>([
      ['a bad outputKey', 1, 'HANDLER_ERROR', { outputKey: 'text.below' }],
      ['an output that is a function', { f: () => 1 }, 'HANDLER_ERROR', { outputKey: 'out' }],
      ['an output that is circular', cyclic, 'HANDLER_ERROR', { outputKey: 'out' }],
      ['an output with NaN', { n: Number.NaN }, 'HANDLER_ERROR', {}],
      ['an output with a Map', { m: new Map() }, 'HANDLER_ERROR', {}],
      ['a result that is none', undefined, 'HANDLER_ERROR', {}],
    ])('8. %s fails the step once with a clear error', async (_what, output, code, step) => {
      const handler = spy('a', () => (output === undefined ? 'no result' : Result.success(output)));
      const retries = { maxAttempts: 3, initialDelay: 1 };
      const engine = await world.open(buildFlow({ a: { ...step, retries } }), [handler]);
      const execution = await world.start(engine, { text: 'a text' });
      await world.pass(engine, 1_000);
      expect(execution).toMatchObject({ status: 'failed', error: { code, stepId: 'a' }, context: { text: 'a text' } });
      expect(handler.calls).toHaveLength(1);
    });

    it('8. so does a defined handler that returns nothing', async () => {
      let calls = 0;
      const forgetful = defineHandler({ type: 'a', execute: () => void (calls += 1) as unknown as HandlerResult });
      const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 3, initialDelay: 1 } } }), [forgetful]);
      const execution = await world.start(engine);
      await world.pass(engine, 1_000);
      expect(execution).toMatchObject({
        status: 'failed',
        error: { code: 'HANDLER_ERROR', message: expect.stringMatching(/must return/) },
      });
      expect(calls).toBe(1);
    });

    it('8. a missing transition fails the step once, and onFailure is followed', async () => {
      const handler = spy('a', Result.success(1, { next: 'nowhere' }));
      const engine = await world.open(buildFlow({ a: { onFailure: 'b', retries: { maxAttempts: 3 } }, b: {} }), [
        handler,
        spy('b', Result.success()),
      ]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({ status: 'completed', context: { error: { code: 'INVALID_TRANSITION' } } });
      expect(handler.calls).toHaveLength(1);
    });

    it('9. no key, path or output can touch Object.prototype', async () => {
      const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as Record<
        string,
        unknown
      >;
      const engine = await world.open(buildFlow({ a: { outputKey: 'out' } }), [spy('a', Result.success(hostile))]);
      await expect(engine.create('flow', hostile)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR' } });
      for (const path of ['__proto__.polluted', 'constructor.prototype.polluted', 'a.prototype']) {
        expect(() => engine.flows.register(buildFlow({ a: { outputKey: path } }, { id: 'x' }))).toThrow(/never allowed/);
        expect(() => engine.flows.register(buildFlow({ a: { input: { type: 'path', path } } }, { id: 'x' }))).toThrow(/never allowed/);
      }
      const reads = buildFlow({ a: { input: { type: 'template', template: '${toString:-nothing}' }, outputKey: 'out' } }, { id: 'reads' });
      const reader = await world.open(reads, [spy('a', ({ input }) => Result.success(input))]);
      expect((await world.start(reader, {}, 'reads')).context.out).toBe('nothing');
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });

    it('9. handlers get frozen copies and cannot change the flow definition', async () => {
      const failures: unknown[] = [];
      const attempt = (change: () => void) => {
        try {
          change();
        } catch (error) {
          failures.push(error);
        }
      };
      const flow = buildFlow({ a: { config: { list: [1] }, input: { type: 'static', value: { n: [1] } } } });
      const engine = await world.open(flow, [
        spy('a', ({ input, config, context, step, execution }) => {
          attempt(() => ((input as { n: number[] }).n[0] = 9));
          attempt(() => (config.list as number[]).push(9));
          attempt(() => (((context as Record<string, { deep: number }>).kept as { deep: number }).deep = 9));
          attempt(() => ((context as Record<string, unknown>).added = 9));
          attempt(() => ((step as { type: string }).type = 'evil'));
          attempt(() => ((execution as { status: string }).status = 'completed'));
          return Result.success();
        }),
      ]);
      const execution = await world.start(engine, { kept: { deep: 1 } });
      expect(failures).toHaveLength(6);
      expect(execution.context).toEqual({ kept: { deep: 1 } });
      expect(engine.flows.get('flow')?.steps.a).toMatchObject({
        type: 'a',
        config: { list: [1] },
        input: { value: { n: [1] } },
      });
    });

    const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
    const text = (bytes: number) => 'é'.repeat(bytes / 2);
    it.each<[string, Record<string, unknown>]>([
      ['a value over 1 MiB', { big: text(2 ** 20) }],
      ['a context over 10 MiB', Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`k${n}`, text(2 ** 20 - 100)]))],
      ['more than 500 keys', many(501)],
      ['nesting over 32', { deep: nested(33) }],
    ])('10. %s is refused in the first context and in outputs alike', async (_what, context) => {
      const engine = await world.open(buildFlow({ a: { onSuccess: 'b' }, b: { outputKey: 'k' } }), [
        spy('a', Result.success()),
        spy('b', Result.success(context)),
      ]);
      await expect(engine.create('flow', context)).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
      const one = Object.entries(context);
      if (one.length > 1 && one.length < 500) return;
      const start = one.length >= 500 ? many(500) : {};
      const execution = await world.start(engine, start);
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'CONTEXT_LIMIT', stepId: 'b' } });
      expect(execution.context).toEqual(start);
    });

    it('10. what is just within the limits is taken', async () => {
      const engine = await world.open(buildFlow({ a: { outputKey: 'out' } }), [spy('a', Result.success(nested(32)))]);
      const execution = await world.start(engine, { ...many(498), big: text(2 ** 20 - 2) });
      expect(execution.status).toBe('completed');
    });

    it('10. limits can be set, and resume data obeys them', async () => {
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', Result.wait({}))], {
        contextLimits: { maxValueBytes: 100 },
      });
      await expect(engine.create('flow', { big: 'x'.repeat(100) })).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
      const { id } = await world.start(engine);
      await expect(engine.resume(id, 'x'.repeat(100))).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
      expect((await engine.get(id)).status).toBe('waiting');
    });

    it('12. what the engine reports is what the store loads, in every status', async () => {
      const flow = buildFlow({
        a: { outputKey: 'x.y', onSuccess: 'b' },
        b: { onSuccess: 'c' },
        c: { onFailure: 'd' },
        d: {},
      });
      const handlers = [
        spy('a', ({ attempt }) => Result.success({ attempt })),
        spy('b', ({ clock, resumed }) => (resumed ? Result.success() : Result.wait({ wakeAt: clock.now() + 5, reason: 'nap' }))),
        spy('c', Result.failure({ code: 'X', message: 'x', details: { y: [1] } })),
        spy('d', Result.wait({ reason: 'signal' })),
      ];
      const engine = await world.open(flow, handlers);
      const options = { tenantId: 't', idempotencyKey: 'k', timeout: 1e9, metadata: { m: 1 } };
      const { execution } = await engine.create('flow', { first: true }, options);
      const same = async () => {
        const [reported, loaded] = [await engine.get(execution.id), await engine.store.load(execution.id)];
        expect(JSON.parse(JSON.stringify(loaded))).toEqual(JSON.parse(JSON.stringify(reported)));
      };
      await same();
      await world.drive(engine);
      await same();
      await world.pass(engine, 5);
      await same();
      expect(trail(await engine.get(execution.id))).toEqual(['a success', 'b wait', 'b success', 'c failure', 'd wait']);
      await engine.cancel(execution.id, { source: 'admin', reason: 'r' });
      await same();
    });

    it('13. a delay of 60 days works and holds nothing while it waits', async () => {
      const engine = await world.open(buildFlow({ nap: { type: 'delay', config: { duration: '60d' } } }));
      const { id } = await world.start(engine);
      await world.pass(engine, 60 * 86_400_000 - 1);
      expect((await engine.get(id)).status).toBe('waiting');
      const claim = await engine.claim(id);
      expect(claim).toBeDefined();
      await claim?.release();
      await world.pass(engine, 1);
      expect((await engine.get(id)).status).toBe('completed');
    });
  });
}
