import { describe, expect, it } from 'vitest';
import { Engine } from '../../engine.ts';
import { createFlowRegistry } from '../../flow-registry.ts';
import { Result } from '../../result.ts';
import type { Execution } from '../../types.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** subflow, parallel, map, and what becomes of children (flow.md §2, built-in handlers and cancel). */
export function testEngineChildren(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine children`, () => {
    const world = useEngines(factory);
    const child = (steps: Parameters<typeof buildFlow>[0]) => buildFlow(steps, { id: 'child', output: { type: 'path', path: 'out' } });

    it('subflow: runs another flow and takes its output', async () => {
      const flow = buildFlow({ sub: { type: 'subflow', config: { flowId: 'child' }, outputKey: 'got' } });
      const engine = await world.open(
        [flow, child({ work: { outputKey: 'out' } })],
        [spy('work', ({ context }) => Result.success((context.n as number) * 2))],
      );
      const execution = await world.start(engine, { n: 4 });
      expect(execution).toMatchObject({ status: 'completed', context: { got: 8 } });
      expect(trail(execution)).toEqual(['sub wait', 'sub success']);
    });

    it('subflow: waits without a worker, and reports the error of the child as its own', async () => {
      const flow = buildFlow({ sub: { type: 'subflow', config: { flowId: 'child' } } });
      let answer = Result.wait({});
      const engine = await world.open([flow, child({ work: { outputKey: 'out' } })], [spy('work', () => answer)]);
      const parent = await world.start(engine);
      expect(parent).toMatchObject({ status: 'waiting', join: { created: 1, wakeWhen: 1 } });
      await expect(engine.resume(parent.id)).rejects.toMatchObject({ code: 'EXECUTION_NOT_WAITING' });
      answer = Result.failure({ code: 'NO_STOCK', message: 'none left' });
      await engine.resume(world.childrenOf(parent.id)[0] as string);
      await world.drive(engine);
      expect(await engine.get(parent.id)).toMatchObject({
        status: 'failed',
        error: { code: 'NO_STOCK', stepId: 'sub' },
      });
    });

    it('subflow: ends in an error when a flow calls itself without end', async () => {
      const flow = buildFlow({ sub: { type: 'subflow', config: { flowId: 'flow' } } });
      const engine = await world.open(flow, [], { maxDepth: 5 });
      expect(await world.start(engine)).toMatchObject({
        status: 'failed',
        error: { code: 'MAX_STEPS', stepId: 'sub' },
      });
    });

    it('subflow: gives up on a child at its time limit, and cancels it', async () => {
      const flow = buildFlow({
        sub: { type: 'subflow', config: { flowId: 'child', timeout: '1h' }, onTimeout: 'late' },
        late: {},
      });
      const engine = await world.open(
        [flow, child({ work: { outputKey: 'out' } })],
        [spy('work', Result.wait({})), spy('late', Result.success())],
      );
      const parent = await world.start(engine);
      const [id] = world.childrenOf(parent.id);
      await world.pass(engine, 3_600_000);
      expect(await engine.get(parent.id)).toMatchObject({ status: 'completed', context: { resumedBy: 'timer' } });
      expect(await engine.get(id as string)).toMatchObject({ status: 'cancelled', cancellation: { source: 'parent' } });
    });

    const branches = { a: { startStepId: 'a' }, b: { startStepId: 'b' }, c: { startStepId: 'c' } };
    const fork = (config: object) =>
      buildFlow({ fork: { type: 'parallel', config: { branches, ...config }, outputKey: 'out' }, a: {}, b: {}, c: {} });

    it('parallel: joins all branches, each with the output of its last step', async () => {
      const engine = await world.open(fork({}), [spy('a', Result.success(1)), spy('b', Result.success(2)), spy('c', Result.success(3))]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({
        status: 'completed',
        context: { out: { results: { a: 1, b: 2, c: 3 }, errors: {} } },
      });
    });

    it('parallel: knows its branches by name, in whatever order the process that joins them has them', async () => {
      const to = (startStepId: string) => ({ startStepId });
      const asWritten = { c: to('c'), b: to('b'), 10: to('a'), 9: to('a') };
      const asStored = { 10: to('a'), 9: to('a'), b: to('b'), c: to('c') };
      const handlers = [
        spy('a', ({ execution }) => Result.success(execution.parentStep?.index)),
        spy('b', ({ resumed }) => (resumed ? Result.success('b') : Result.wait({}))),
        spy('c', Result.failure({ code: 'C', message: 'c' })),
      ];
      const join = { join: 'quorum', quorum: 3 };
      const starting = await world.open(fork({ ...join, branches: asWritten }), handlers);
      const { id } = await world.start(starting);
      const started = await Promise.all(world.childrenOf(id).map((branch) => starting.get(branch)));
      expect(started.map(({ startStepId }) => startStepId)).toEqual(['a', 'a', 'c', 'b']);
      const flows = createFlowRegistry([fork({ ...join, branches: asStored })]);
      const joining = new Engine(starting.store, starting.handlers, flows, { tokens: starting.tokens, clock: world.clock });
      for (const branch of world.childrenOf(id)) {
        if ((await joining.get(branch)).status === 'waiting') await joining.resume(branch);
      }
      await world.drive(joining);
      const { out } = (await joining.get(id)).context as { out: { results: Record<string, unknown>; errors: object } };
      expect(out).toMatchObject({ results: { b: 'b' }, errors: { c: { code: 'C' } } });
      expect(Object.keys(out.results).sort()).toEqual(['10', '9', 'b']);
      await joining.close();
    });

    it('subflow: starts no version that is not published, even by its name', async () => {
      const draft = { ...child({ work: { outputKey: 'out' } }), status: 'draft' as const };
      const never = spy('work', Result.success(1));
      const flow = buildFlow({ sub: { type: 'subflow', config: { flowId: 'child', version: '1.0.0' } } });
      const engine = await world.open([flow, draft], [never]);
      expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'INVALID_FLOW', stepId: 'sub' } });
      expect(never.calls).toHaveLength(0);
    });

    it('parallel: takes any branch that completes first and cancels the others', async () => {
      const engine = await world.open(fork({ join: 'any' }), [
        spy('a', Result.failure({ code: 'X', message: 'x' })),
        spy('b', Result.wait({})),
        spy('c', Result.success(3)),
      ]);
      const execution = await world.start(engine);
      expect(execution.context.out).toMatchObject({ results: { c: 3 } });
      const statuses = await Promise.all(world.childrenOf(execution.id).map(async (id) => (await engine.get(id)).status));
      expect(statuses.sort()).toEqual(['cancelled', 'completed', 'failed']);
    });

    it('parallel: fails as soon as the quorum cannot be reached', async () => {
      const failing = Result.failure({ code: 'NO', message: 'no' });
      const engine = await world.open(fork({ join: 'quorum', quorum: 2 }), [
        spy('a', failing),
        spy('b', failing),
        spy('c', Result.wait({})),
      ]);
      const execution = await world.start(engine);
      expect(execution).toMatchObject({ status: 'failed', error: { code: 'NO', stepId: 'fork' } });
      expect(Object.keys(execution.error?.details?.errors as object)).toEqual(['a', 'b']);
    });

    const each = (config: object = {}) =>
      buildFlow({
        each: {
          type: 'map',
          config: { startStepId: 'work', ...config },
          input: { type: 'key', key: 'items' },
          outputKey: 'out',
        },
        work: {},
      });

    it('map: keeps the order of the items and the limit on how many run at once', async () => {
      let [open, most] = [0, 0];
      const work = spy('work', async ({ context }) => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        return Result.success((context.item as number) * 10 + (context.index as number));
      });
      const engine = await world.open(each({ concurrency: 3 }), [work]);
      const execution = await world.start(engine, { items: Array.from({ length: 25 }, (_, n) => n) });
      expect(execution.context.out).toEqual(Array.from({ length: 25 }, (_, n) => n * 11));
      expect(most).toBeLessThanOrEqual(3);
      expect(trail(execution)).toEqual(['each wait', 'each success']);
    });

    it('map: gives an empty list for an empty list', async () => {
      const engine = await world.open(each(), [spy('work', Result.success())]);
      expect((await world.start(engine, { items: [] })).context.out).toEqual([]);
    });

    it('map: fails with the first failed item and cancels the rest, or collects', async () => {
      const work = () =>
        spy('work', ({ context }) => (context.item === 2 ? Result.failure({ code: 'ODD', message: 'odd' }) : Result.success(context.item)));
      const strict = await world.open({ ...each({ concurrency: 2 }), id: 'strict' }, [work()]);
      const failed = await world.start(strict, { items: [1, 2, 3, 4, 5, 6, 7, 8] }, 'strict');
      expect(failed).toMatchObject({
        status: 'failed',
        error: { code: 'ODD', message: expect.stringContaining('Item 1') },
      });
      const lenient = await world.open({ ...each({ onItemFailure: 'collect' }), id: 'lenient' }, [work()]);
      const collected = await world.start(lenient, { items: [1, 2, 3] }, 'lenient');
      expect(collected.context.out).toMatchObject([
        { status: 'completed', output: 1 },
        { status: 'failed', error: { code: 'ODD' } },
        { status: 'completed', output: 3 },
      ]);
    });

    const durable: [string, Parameters<typeof buildFlow>[0], unknown][] = [
      [
        'map',
        { each: { type: 'map', config: { startStepId: 'done', concurrency: 3 }, input: { type: 'key', key: 'items' } } },
        [0, 10, 20],
      ],
      [
        'parallel',
        { each: { type: 'parallel', config: { branches: parts({ item: 0 }, { item: 1 }, { item: 2 }) }, input: { type: 'full' } } },
        { results: { p0: 0, p1: 10, p2: 20 }, errors: {} },
      ],
    ];
    it.each(durable)('%s: killed half way it goes on, and what ended is not done again', async (_type, steps, output) => {
      const flow = buildFlow({ ...steps, each: { ...steps['each'], outputKey: 'out' }, done: {} });
      const tenfold = (item: unknown) => Result.success((item as number) * 10);
      const gate = createGate();
      const dying = await world.open(flow, [
        spy('done', async ({ context }) => {
          if (context.item === 0) return tenfold(0);
          await gate.pass();
          return new Promise(() => {});
        }),
      ]);
      const firstEnded = new Promise<void>((resolve) => {
        dying.on<Execution>('execution:completed', () => resolve());
      });
      const { execution } = await dying.create('flow', { items: [0, 1, 2] });
      void world.drive(dying).catch(() => {});
      await Promise.all([gate.reached, firstEnded]);
      await world.backend.kill(dying);
      const done = spy('done', ({ context }) => tenfold(context.item));
      const living = await world.open(flow, [done]);
      expect(await world.driveOn(living, execution.id)).toMatchObject({ status: 'completed', context: { out: output } });
      expect(done.calls.map(({ context }) => context.item).sort((a, b) => Number(a) - Number(b))).toEqual([1, 2]);
      gate.open();
    });

    it('cancel: reaches children and grandchildren, and refuses them any further step', async () => {
      const flows = [
        buildFlow({ sub: { type: 'subflow', config: { flowId: 'child' } } }),
        child({ sub: { type: 'subflow', config: { flowId: 'leaf' }, outputKey: 'out' } }),
        buildFlow({ hold: { onResume: 'after' }, after: {} }, { id: 'leaf' }),
      ];
      const after = spy('after', Result.success());
      const engine = await world.open(flows, [spy('hold', Result.wait({})), after]);
      const parent = await world.start(engine);
      const [childId] = world.childrenOf(parent.id);
      const [leafId] = world.childrenOf(childId as string);
      expect((await engine.cancel(parent.id, { source: 'user', reason: 'enough' })).cancelled).toBe(true);
      await world.drive(engine);
      for (const id of [childId, leafId]) {
        expect(await engine.get(id as string)).toMatchObject({
          status: 'cancelled',
          cancellation: { source: 'parent' },
        });
      }
      await expect(engine.resume(leafId as string)).rejects.toMatchObject({ code: 'EXECUTION_NOT_WAITING' });
      expect(after.calls).toHaveLength(0);
    });

    it('cancel: leaves alone what was created with it as the parent, for no step of it did', async () => {
      const engine = await world.open(buildFlow({ hold: { onResume: 'after' }, after: {} }), [
        spy('hold', Result.wait({})),
        spy('after', Result.success()),
      ]);
      const parent = await world.start(engine);
      const { execution } = await engine.create('flow', {}, { parentExecutionId: parent.id });
      await world.drive(engine);
      await engine.cancel(parent.id, { source: 'user' });
      await world.drive(engine);
      expect(await engine.get(execution.id)).toMatchObject({ status: 'waiting', parentExecutionId: parent.id });
      await engine.resume(execution.id);
      await world.drive(engine);
      expect((await engine.get(execution.id)).status).toBe('completed');
    });

    it('cancel: starts the compensation with the same commit, once', async () => {
      const flow = buildFlow({ pay: { outputKey: 'paid', onSuccess: 'hold' }, hold: {}, refund: {} }, { metadata: { onCancel: 'refund' } });
      const refund = spy('refund', Result.success());
      const engine = await world.open(flow, [spy('pay', Result.success(5)), spy('hold', Result.wait({})), refund]);
      const created: Execution[] = [];
      engine.on<Execution>('execution:created', (execution) => created.push(execution));
      const { id } = await world.start(engine);
      await engine.cancel(id, { source: 'user', reason: 'changed my mind' });
      expect((await engine.cancel(id, { source: 'user' })).cancelled).toBe(false);
      await world.drive(engine);
      expect(refund.calls).toHaveLength(1);
      expect(refund.calls[0]?.context).toMatchObject({
        paid: 5,
        cancellation: { source: 'user', reason: 'changed my mind' },
      });
      expect(created[1]).toMatchObject({ parentExecutionId: id, metadata: { compensates: id } });
      expect((await engine.get(created[1]?.id ?? '')).status).toBe('completed');
    });
  });
}

/** Branches that begin at the same step, each with a context of its own. */
function parts(...contexts: readonly Record<string, unknown>[]): Record<string, unknown> {
  return Object.fromEntries(contexts.map((context, n) => [`p${n}`, { startStepId: 'done', context }]));
}
