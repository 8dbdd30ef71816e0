import { describe, expect, it } from 'vitest';
import { Result } from '../../result.ts';
import { buildFlow } from '../build-flow.ts';
import { spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** Trying again: an attempt of a step, and an execution that has ended (flow.md §2 failure, decisions C9). */
export function testEngineRetries(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine retries`, () => {
    const world = useEngines(factory);
    const broken = Result.failure({ code: 'X', message: 'x' });

    it('an execution whose time is up while its driver waits for a retry is cancelled then', async () => {
      const retries = { maxAttempts: 1, initialDelay: 60_000, maxDelay: 60_000 };
      const engine = await world.open(buildFlow({ a: { retries } }), [spy('a', broken)]);
      const { execution } = await engine.create('flow', {}, { timeout: 1_000 });
      const waiting = new Promise<void>((resolve) => engine.on('step:failed', () => resolve()));
      const running = engine.run(execution.id);
      await waiting;
      // Whether the driver has begun to wait by now or not, this is past the deadline and before the retry.
      await new Promise((resolve) => setTimeout(resolve, 50));
      world.clock.advance(1_000);
      expect(await running).toMatchObject({ status: 'cancelled' });
      expect(await engine.get(execution.id)).toMatchObject({ cancellation: { source: 'timeout' }, cancelledAt: world.clock.now() });
    });

    it('no delay is longer than maxDelay, also where only that is given', async () => {
      const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 1, maxDelay: 200 } } }), [spy('a', broken)]);
      expect((await world.start(engine)).retryAt).toBe(world.clock.now() + 200);
    });

    it('from a step behind onFailure the error is there again', async () => {
      let fixed = false;
      const failing = Result.failure({ code: 'NO_STOCK', message: 'none left', details: { sku: 'x' } });
      const flow = buildFlow({
        a: { onFailure: 'b', retries: { maxAttempts: 1, initialDelay: 1 } },
        b: { input: { type: 'path', path: 'error.code' }, outputKey: 'seen', onSuccess: 'c' },
        c: {},
      });
      const engine = await world.open(flow, [
        spy('a', ({ attempt }) => (attempt === 1 ? broken : failing)),
        spy('b', ({ input }) => Result.success(input)),
        spy('c', () => (fixed ? Result.success() : broken)),
      ]);
      const { id } = await world.start(engine);
      await world.pass(engine, 1);
      const failed = await engine.get(id);
      expect(failed).toMatchObject({ status: 'failed', currentStepId: 'c' });
      fixed = true;
      const { execution } = await engine.retry(id, { fromStepId: 'b' });
      expect(execution.context).toEqual({ error: failed.context['error'] });
      await world.drive(engine);
      expect(await engine.get(execution.id)).toMatchObject({ status: 'completed', context: { seen: 'NO_STOCK' } });
    });

    it('the id it is to have is one that create would take', async () => {
      const engine = await world.open(buildFlow({ a: {} }), [spy('a', broken)]);
      const { id } = await world.start(engine);
      for (const executionId of ['', 'not an id/..', 'x'.repeat(129)]) {
        const refused = { code: 'INVALID_INPUT', message: expect.stringMatching(/executionId/) };
        await expect(engine.create('flow', {}, { executionId })).rejects.toMatchObject(refused);
        await expect(engine.retry(id, { executionId })).rejects.toMatchObject(refused);
      }
      expect((await engine.retry(id, { executionId: 'x'.repeat(128) })).execution.id).toBe('x'.repeat(128));
      await expect(engine.retry(id, { executionId: 'x'.repeat(128) })).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
    });

    it('one that is tried again twice in a loop keeps what was done before', async () => {
      let works = 1;
      const flow = buildFlow({ a: { outputKey: 'a', onSuccess: 'b' }, b: {} });
      const engine = await world.open(flow, [
        spy('a', ({ execution }) => Result.success(execution.visits['a'])),
        spy('b', ({ execution }) => ((execution.visits['b'] ?? 0) <= works ? Result.success(1, { next: 'a' }) : broken)),
      ]);
      const first = await world.start(engine);
      expect(trail(first)).toEqual(['a success', 'b success', 'a success', 'b failure']);
      works = 2;
      const second = (await engine.retry(first.id)).execution;
      expect(second).toMatchObject({ currentStepId: 'b', visits: { a: 2, b: 1 } });
      await world.drive(engine);
      const loop = ['a success', 'b success'];
      expect(await engine.get(second.id)).toMatchObject({ status: 'failed', visits: { a: 3, b: 3 } });
      const third = (await engine.retry(second.id)).execution;
      expect(trail(third)).toEqual([...loop, ...loop, 'a success']);
      expect(third).toMatchObject({ currentStepId: 'b', context: { a: 3 } });
      expect((await engine.retry(second.id, { fromStepId: 'a' })).execution).toMatchObject({ context: { a: 2 }, visits: { a: 2, b: 2 } });
    });

    it('one that ended between two steps, or in one that is not in its history, loses nothing of that', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: {} });
      const handlers = [
        spy('a', ({ execution }) => (execution.visits['a'] === 2 ? Result.wait({}) : Result.success())),
        spy('b', Result.success(1, { next: 'a' })),
      ];
      const engine = await world.open(flow, handlers);
      const { execution: limited } = await engine.create('flow');
      for (let step = 1; step <= 2; step += 1) await engine.step(limited.id);
      await engine.cancel(limited.id);
      const again = (await engine.retry(limited.id)).execution;
      expect([again.currentStepId, ...trail(again)]).toEqual(['a', 'a success', 'b success']);
      await world.drive(engine);
      expect(await engine.get(again.id)).toMatchObject({ status: 'waiting', visits: { a: 2, b: 1 } });
    });

    it.each([
      ['failed', broken],
      ['waited', Result.wait({})],
    ])('one that ended on its way back to a step that had %s keeps what was done', async (_, first) => {
      const flow = buildFlow({ a: { onSuccess: null, onFailure: 'b', onResume: 'b' }, b: { onSuccess: 'a' } });
      const engine = await world.open(flow, [spy('a', first), spy('b', Result.success())]);
      const { id } = (await engine.create('flow')).execution;
      await engine.step(id);
      if (first.type === 'wait') await engine.resume(id);
      await engine.step(id);
      await engine.cancel(id);
      const { history } = await engine.get(id);
      expect(history.at(-1)?.stepId).toBe('b');
      const again = (await engine.retry(id)).execution;
      expect([again.currentStepId, ...trail(again)]).toEqual(['a', ...trail({ history } as never)]);
    });

    it('one that an older release had tried again is taken from where the step was last begun', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: { onSuccess: 'c' }, c: {} });
      const engine = await world.open(flow, [spy('a', Result.success()), spy('b', Result.success()), spy('c', broken)]);
      const { id } = await world.start(engine);
      const second = (await engine.retry(id, { fromStepId: 'b' })).execution;
      await world.drive(engine);
      const ended = await engine.get(second.id);
      // It counted visits anew, though what went before stayed in the history.
      await engine.store.save({ ...ended, visits: { b: 1, c: 1 } });
      expect(trail((await engine.retry(second.id)).execution)).toEqual(['a success', 'b success']);
      expect(trail((await engine.retry(second.id, { fromStepId: 'b' })).execution)).toEqual(['a success']);
      expect(trail((await engine.retry(second.id, { fromStepId: 'a' })).execution)).toEqual([]);
    });
  });
}
