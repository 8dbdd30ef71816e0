import { describe, expect, it } from 'vitest';
import { Result } from '../../result.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** What ends a wait and what does not: instants, tokens, data that comes early, and children (flow.md §2, §4). */
export function testEngineWaits(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine waits`, () => {
    const world = useEngines(factory);

    describe('instants', () => {
      it('a part of a millisecond is waited for to its end, and the handler is called once', async () => {
        const handler = spy('nap', ({ clock, resumed }) => (resumed ? Result.success() : Result.wait({ wakeAt: clock.now() + 1_000 / 3 })));
        const engine = await world.open(buildFlow({ nap: {} }), [handler]);
        const { id, waitMetadata } = await world.start(engine);
        expect(waitMetadata?.wakeAt).toBe(world.clock.now() + 334);
        expect(handler.calls).toHaveLength(1);
        await world.pass(engine, 334);
        expect((await engine.get(id)).status).toBe('completed');
      });

      it.each([
        ['nanoseconds', 1.8e18],
        ['one below all dates', -8.64e15 - 1],
        ['no number', Number.NaN],
        ['no end', Number.POSITIVE_INFINITY],
      ])('%s in wakeAt fail the step once, and everybody else sees it as before', async (_what, wakeAt) => {
        const handler = spy('nap', Result.wait({ wakeAt }));
        const engine = await world.open(buildFlow({ nap: { retries: { maxAttempts: 3, initialDelay: 1 } } }), [handler]);
        const { id } = await world.start(engine);
        await world.pass(engine, 1_000);
        expect(await engine.get(id)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR', retryable: false } });
        expect(handler.calls).toHaveLength(1);
      });

      it.each([
        ['until, in nanoseconds', { until: 1.8e18 }],
        ['duration', { duration: 1e20 }],
      ])('a delay until after all dates (%s) says that this is no input', async (_what, config) => {
        const engine = await world.open(buildFlow({ nap: { type: 'delay', config } }));
        expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'INVALID_INPUT', stepId: 'nap' } });
      });

      it('a delay of a part of a millisecond ends', async () => {
        const engine = await world.open(buildFlow({ nap: { type: 'delay', config: { duration: 0.5 } } }));
        const { id } = await world.start(engine);
        await world.pass(engine, 1);
        expect((await engine.get(id)).status).toBe('completed');
      });

      it('a failure that asks for a part of a millisecond is tried again after it', async () => {
        const busy = spy('a', ({ attempt }) =>
          attempt === 1 ? Result.failure({ code: 'BUSY', message: 'busy', details: { retryAfterMs: 1_000 / 3 } }) : Result.success(),
        );
        const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 1, initialDelay: 1 } } }), [busy]);
        const { id, retryAt } = await world.start(engine);
        expect(retryAt).toBe(world.clock.now() + 334);
        await world.pass(engine, 334);
        expect((await engine.get(id)).status).toBe('completed');
        expect(busy.calls).toHaveLength(2);
      });

      it('the time of an execution, a key and a token may be no whole number, and must end', async () => {
        const engine = await world.open(buildFlow({ a: {} }), [spy('a', Result.wait({}))]);
        const now = world.clock.now();
        const { execution } = await engine.create('flow', {}, { timeout: 0.5, idempotencyKey: 'k', idempotencyTTL: 1_000 / 3 });
        expect(execution).toMatchObject({ deadlineAt: now + 1, idempotencyExpiresAt: now + 334 });
        const { id } = await world.start(engine);
        const token = await engine.tokens.create(id, 1_000 / 3);
        world.clock.advance(333);
        expect(await engine.tokens.validate(token)).toBe(id);
        world.clock.advance(1);
        expect(await engine.tokens.validate(token)).toBeNull();
        for (const timeout of [1e20, Number.POSITIVE_INFINITY]) {
          await expect(engine.create('flow', {}, { timeout })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
          await expect(engine.tokens.create(id, timeout)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
        }
      });
    });

    describe('tokens', () => {
      const issued = (context: Record<string, unknown>) => (context['approval'] as { token: string }).token;

      it('one that is used during a delay is kept for the wait it was made for', async () => {
        const flow = buildFlow({
          issue: { type: 'wait', config: { issue: true }, outputKey: 'approval', onSuccess: 'nap' },
          nap: { type: 'delay', config: { duration: '1h' }, onSuccess: 'ask' },
          ask: { type: 'wait', input: { type: 'key', key: 'approval' }, outputKey: 'answer' },
        });
        const engine = await world.open(flow);
        const { id, context } = await world.start(engine);
        await engine.resume({ token: issued(context) }, 'yes');
        await world.pass(engine, 3_599_999);
        expect(await engine.get(id)).toMatchObject({ status: 'waiting', currentStepId: 'nap' });
        await expect(engine.resume({ token: issued(context) })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
        await world.pass(engine, 1);
        expect(await engine.get(id)).toMatchObject({ status: 'completed', context: { answer: 'yes' } });
      });

      it('one that was used before a delay does not cut it short', async () => {
        const gate = createGate();
        const flow = buildFlow({
          issue: { type: 'wait', config: { issue: true }, outputKey: 'approval', onSuccess: 'work' },
          work: { onSuccess: 'nap' },
          nap: { type: 'delay', config: { duration: '1h' }, onSuccess: 'ask' },
          ask: { type: 'wait', input: { type: 'key', key: 'approval' }, outputKey: 'answer' },
        });
        const engine = await world.open(flow, [spy('work', () => gate.pass().then(() => Result.success()))]);
        const { execution } = await engine.create('flow');
        const running = engine.run(execution.id);
        await gate.reached;
        await engine.resume({ token: issued((await engine.get(execution.id)).context) }, 'yes');
        gate.open();
        await running;
        expect(await engine.get(execution.id)).toMatchObject({ status: 'waiting', currentStepId: 'nap' });
        await world.pass(engine, 3_600_000);
        expect(await engine.get(execution.id)).toMatchObject({ status: 'completed', context: { answer: 'yes' } });
      });

      it('a delay that nobody waits for is still ended by the id', async () => {
        const engine = await world.open(buildFlow({ nap: { type: 'delay', config: { duration: '1h' } } }));
        const { id } = await world.start(engine);
        await engine.resume(id);
        await world.drive(engine);
        expect((await engine.get(id)).status).toBe('completed');
      });

      it('a wait of a handler that names no token takes any of its execution', async () => {
        const asks = spy('ask', ({ clock, resumed }) =>
          resumed ? Result.success(resumed) : Result.wait({ wakeAt: clock.now() + 1_000, reason: 'answer, or time-out' }),
        );
        const engine = await world.open(buildFlow({ ask: { outputKey: 'out' } }), [asks]);
        const { id } = await world.start(engine);
        await engine.resume({ token: await engine.tokens.create(id) }, 'yes');
        await world.drive(engine);
        expect((await engine.get(id)).context['out']).toEqual({ by: 'resume', data: 'yes' });
      });

      it('one whose wait was ended by the id is worth nothing to later waits', async () => {
        let token = '';
        const handlers = [
          spy('ask', async ({ tokens, execution }) => Result.wait({ token: (token = await tokens.create(execution.id)) })),
          spy('other', Result.wait({ reason: 'another wait' })),
        ];
        const engine = await world.open(buildFlow({ ask: { onResume: 'other' }, other: { onResume: null } }), handlers);
        const { id } = await world.start(engine);
        const kept = await engine.tokens.create(id);
        await engine.resume(id, 'by hand');
        await world.drive(engine);
        await expect(engine.resume({ token })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
        expect(await engine.tokens.validate(token)).toBeNull();
        expect(await engine.get(id)).toMatchObject({ status: 'waiting', currentStepId: 'other' });
        await engine.resume({ token: kept });
        await world.drive(engine);
        expect((await engine.get(id)).status).toBe('completed');
      });

      it('10. data that comes before its wait obeys the limits, and does not cost the token', async () => {
        const gate = createGate();
        const busy = spy('a', () => gate.pass().then(() => Result.success()));
        const engine = await world.open(buildFlow({ a: {} }), [busy], { contextLimits: { maxValueBytes: 100, maxTotalBytes: 250 } });
        const { execution } = await engine.create('flow');
        const running = engine.run(execution.id);
        await gate.reached;
        const token = await engine.tokens.create(execution.id);
        await expect(engine.resume({ token }, 'x'.repeat(100))).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
        await expect(engine.resume({ token }, () => 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
        await engine.resume({ token }, 'x'.repeat(50));
        const next = await engine.tokens.create(execution.id);
        await expect(engine.resume({ token: next }, 'x'.repeat(98))).rejects.toMatchObject({ code: 'CONTEXT_LIMIT' });
        expect(await engine.tokens.validate(next)).toBe(execution.id);
        gate.open();
        await running;
      });
    });

    describe('children', () => {
      const leaf = { leaf: {} };

      it('4. a wait for children of which there are none fails the step once', async () => {
        const handler = spy('a', Result.wait({ wakeWhen: 1 }));
        const engine = await world.open(buildFlow({ a: { retries: { maxAttempts: 3 } } }), [handler], { maxSteps: 50 });
        expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR', stepId: 'a' } });
        expect(handler.calls).toHaveLength(1);
      });

      it('4. so does one for children that are all finished', async () => {
        const spawn = [{ kind: 'flow' as const, flowId: 'leaf', context: {} }];
        const handler = spy('a', ({ resumed }) => (resumed ? Result.wait({ wakeWhen: 1 }) : Result.wait({ spawn, wakeWhen: 1 })));
        const engine = await world.open([buildFlow({ a: {} }), buildFlow(leaf, { id: 'leaf' })], [handler, spy('leaf', Result.success())], {
          maxSteps: 50,
        });
        expect(await world.start(engine)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR', stepId: 'a' } });
        expect(handler.calls).toHaveLength(2);
      });

      it('4. one that was fulfilled before goes on only when more children are finished', async () => {
        const spawn = [1, 2].map((n) => ({ kind: 'flow' as const, flowId: 'leaf', context: { n } }));
        const handler = spy('a', async ({ resumed, children }) => {
          if (!resumed) return Result.wait({ spawn, wakeWhen: 0.5 });
          const { finished } = await children.tally();
          return finished === 2 ? Result.success('both') : Result.wait({ wakeWhen: 1 });
        });
        const waits = spy('leaf', ({ context, resumed }) => (context['n'] === 2 && !resumed ? Result.wait({}) : Result.success()));
        const engine = await world.open([buildFlow({ a: { outputKey: 'out' } }), buildFlow(leaf, { id: 'leaf' })], [handler, waits]);
        const { id } = await world.start(engine);
        expect(handler.calls).toHaveLength(2);
        await engine.resume(world.childrenOf(id)[1] as string);
        await world.drive(engine);
        const execution = await engine.get(id);
        expect(execution).toMatchObject({ status: 'completed', context: { out: 'both' } });
        expect(trail(execution)).toEqual(['a wait', 'a success']);
        expect(handler.calls).toHaveLength(3);
      });
    });
  });
}
