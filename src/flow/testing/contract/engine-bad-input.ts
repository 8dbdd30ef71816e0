import { describe, expect, it } from 'vitest';
import type { Engine } from '../../engine.ts';
import { Result } from '../../result.ts';
import { createSandbox } from '../../sandbox.ts';
import type { Flow, HandlerResult, StepHandler } from '../../types.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory, OpenOptions } from './engine.ts';
import { useEngines } from './engine-fixture.ts';

/** What is wrong with one execution is a clear coded error on that execution, and on nothing else. */
export function testEngineBadInput(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: bad input`, () => {
    const world = useEngines(factory);
    const megabyte = 'x'.repeat(2 ** 20 - 100);
    const fiftyMegabytes = () => Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, megabyte]));
    const hostile = () => JSON.parse('{"a":{"__proto__":{"polluted":true}}}') as Record<string, unknown>;

    function circle(): unknown {
      const list: unknown[] = [];
      list.push(list);
      return list;
    }

    /** An engine that also knows a flow that is fine. */
    function open(flow: Flow, handlers: readonly StepHandler[] = [], options: OpenOptions = {}): Promise<Engine> {
      const fine = buildFlow({ ok: { outputKey: 'ok' } }, { id: 'fine' });
      return world.open([flow, fine], [...handlers, spy('ok', Result.success(true))], options);
    }

    async function expectUnharmed(engine: Engine): Promise<void> {
      expect(await world.start(engine, {}, 'fine')).toMatchObject({ status: 'completed', context: { ok: true } });
    }

    it('an unknown handler fails that execution', async () => {
      const engine = await open(buildFlow({ a: {} }));
      const { execution } = await engine.create('flow');
      expect(await engine.run(execution.id)).toMatchObject({
        status: 'failed',
        error: { code: 'HANDLER_NOT_FOUND', stepId: 'a', message: expect.stringMatching(/"a".*register it/) },
      });
      await expectUnharmed(engine);
    });

    it('a cyclic subflow ends where its depth does', async () => {
      const again = { config: { flowId: 'flow' }, type: 'subflow', onSuccess: null };
      const engine = await open(buildFlow({ again }), [], { maxDepth: 5 });
      const execution = await world.start(engine);
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'MAX_STEPS' } });
      expect(execution.error?.message).toMatch(/nested 5 executions deep.*does it call itself/);
      await expectUnharmed(engine);
    });

    it('a context of 50 MB is refused, and so is an output of it', async () => {
      const engine = await open(buildFlow({ a: { outputKey: 'out' } }), [spy('a', () => Result.success(fiftyMegabytes()))]);
      await expect(engine.create('flow', fiftyMegabytes())).rejects.toMatchObject({
        code: 'CONTEXT_LIMIT',
        message: expect.stringMatching(/\d+ bytes; the limit is 10485760/),
      });
      const execution = await world.start(engine, { kept: 1 });
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'CONTEXT_LIMIT', stepId: 'a' }, context: { kept: 1 } });
      await expectUnharmed(engine);
    });

    /** `levels` objects in one list, each of which holds the one before. */
    function ladder(levels: number): readonly unknown[] {
      const rungs: object[] = [];
      for (let n = 0; n < levels; n += 1) rungs.push({ n, below: rungs[n - 1] ?? null });
      return rungs;
    }

    const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });

    it.each<[string, () => HandlerResult]>([
      ['an output whose parts hold each other', () => Result.success(ladder(220))],
      ['a reason to wait that is no text', () => Result.wait({ reason: nested(199) as string })],
    ])('%s is as deep when it is written as when it is loaded', async (_what, result) => {
      const handlers = [spy('a', result), spy('b', Result.wait({}))];
      const engine = await open(buildFlow({ a: { onSuccess: 'b', onFailure: 'b' }, b: {} }), handlers);
      const { id } = await world.start(engine);
      const other = await open(buildFlow({ a: {} }, { id: 'unused' }));
      expect(await other.get(id)).toMatchObject({ status: 'waiting', context: { error: { code: 'CONTEXT_LIMIT', stepId: 'a' } } });
      expect((await other.cancel(id)).cancelled).toBe(true);
      await expectUnharmed(engine);
    });

    it('limits of thousands of levels let in what can be loaded, and nothing else', async () => {
      const nests = spy('a', ({ input }) => Result.success(nested((input as { levels: number }).levels)));
      const engine = await open(buildFlow({ a: {} }), [nests], { contextLimits: { maxDepth: 10_000 } });
      const other = await open(buildFlow({ a: {} }, { id: 'unused' }));
      const { id } = await world.start(engine, { levels: 190, given: nested(190) });
      expect((await other.get(id)).history).toMatchObject([{ status: 'success', output: nested(190) }]);
      for (const levels of [191, 199, 250]) {
        const failed = await world.start(engine, { levels });
        expect(await other.get(failed.id)).toMatchObject({ status: 'failed', error: { code: 'CONTEXT_LIMIT' } });
        await expect(engine.create('flow', { given: nested(levels) })).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
      }
    });

    it('details of an error that would be larger as JSON than any value may be are left out, and the error is kept', async () => {
      let bomb: unknown = 'x';
      for (let n = 0; n < 10; n += 1) bomb = Array.from({ length: 16 }, () => bomb);
      const failing = spy('a', () => Result.failure({ code: 'BOMB', message: 'tick', retryable: false, details: { bomb } }));
      const engine = await open(buildFlow({ a: {} }), [failing]);
      expect(await world.start(engine)).toMatchObject({
        status: 'failed',
        error: { code: 'BOMB', message: 'tick', details: { lost: expect.stringMatching(/bytes; the limit is/) } },
      });
      await expectUnharmed(engine);
    });

    it.each<[string, () => unknown]>([
      ['a function', () => ({ f: () => 1 })],
      ['NaN', () => Number.NaN],
      ['a circle', circle],
      ['a Map', () => new Map()],
      ['bytes', () => new Uint8Array(1)],
    ])('%s as an output fails the step once', async (_what, output) => {
      const handler = spy('a', () => Result.success(output()));
      const engine = await open(buildFlow({ a: { outputKey: 'out', retries: { maxAttempts: 3 } } }), [handler]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR', message: expect.stringMatching(/not JSON/) } });
      expect(handler.calls).toHaveLength(1);
      await expectUnharmed(engine);
    });

    it('a hostile key is refused in a context, and fails the step that gives it', async () => {
      const engine = await open(buildFlow({ a: { outputKey: 'out' } }), [spy('a', () => Result.success(hostile()))]);
      await expect(engine.create('flow', hostile())).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/at \/a has the key "__proto__"/),
      });
      expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR', stepId: 'a' } });
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      await expectUnharmed(engine);
    });

    it('a handler that never returns is given up at its time-out, while others go on', async () => {
      const gate = createGate();
      const stuck = spy('a', () => gate.pass().then(() => new Promise(() => {})));
      const engine = await open(buildFlow({ a: { timeout: 60_000 } }), [stuck]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      const other = await engine.create('fine');
      expect((await engine.run(other.execution.id)).status).toBe('completed');
      world.clock.advance(60_000);
      expect(await running).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT', stepId: 'a' } });
      expect(stuck.calls[0]?.signal.aborted).toBe(true);
    });

    it('a template that explodes fails its step before it has the memory', async () => {
      const bomb = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, '${a}${a}${a}${a}']));
      const never = spy('a', Result.success());
      const engine = await open(buildFlow({ a: { input: { type: 'template', template: bomb } } }), [never]);
      const execution = await world.start(engine, { a: megabyte });
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'CONTEXT_LIMIT', stepId: 'a' } });
      expect(never.calls).toHaveLength(0);
      await expectUnharmed(engine);
    });

    it('a pattern that backtracks for ever is given up, in a schema and in an expression', async () => {
      const sandbox = createSandbox({ timeLimitMs: 200, workers: 1 });
      try {
        const text = `${'a'.repeat(40)}!`;
        const inputSchema = { properties: { checked: { type: 'string', pattern: '^(a+)+$' } } };
        const input = { type: 'expression', expression: '$match(text, /^(a+)+$/)' } as const;
        const engine = await open(buildFlow({ a: { input } }), [spy('a', Result.success())], { sandbox });
        engine.flows.register(buildFlow({ ok: {} }, { id: 'checked', inputSchema }));
        await expect(engine.create('checked', { checked: text })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          message: expect.stringMatching(/longer than 200 ms/),
        });
        expect(await world.start(engine, { text })).toMatchObject({
          status: 'failed',
          error: { code: 'INPUT_RESOLUTION_ERROR', stepId: 'a' },
        });
        await expectUnharmed(engine);
      } finally {
        await sandbox.close();
      }
    });

    it('a flow that is edited while it runs changes nothing for what runs', async () => {
      const gate = createGate();
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: { outputKey: 'out' } });
      const engine = await open(flow, [spy('a', () => gate.pass().then(() => Result.success())), spy('b', Result.success('as it was'))]);
      const { execution } = await engine.create('flow');
      const running = engine.run(execution.id);
      await gate.reached;
      // The object that was registered, the same version with other content, and a version of its own.
      Object.assign(flow.steps, { b: { ...flow.steps.b, type: 'missing' } });
      expect(() => engine.flows.register(buildFlow({ a: {} }))).toThrow(expect.objectContaining({ code: 'INVALID_FLOW' }));
      engine.flows.register(buildFlow({ a: {} }, { version: '1.0.1' }));
      gate.open();
      expect(await running).toMatchObject({ status: 'completed', output: { out: 'as it was' } });
      await expectUnharmed(engine);
    });
  });
}
