import { describe, expect, it } from 'vitest';
import { Result } from '../../result.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy, type Gate } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { trail, useEngines } from './engine-fixture.ts';

/** Workers that die, stall or leave: rule 11, and what rules 1 and 2 say of a crash (flow.md §4). */
export function testEngineFaults(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine faults`, () => {
    const world = useEngines(factory);

    it('11. killed in a handler, the execution continues on another worker with the same attempt and key', async () => {
      const gate = createGate();
      const flow = buildFlow({ a: { onSuccess: 'b', outputKey: 'a' }, b: { outputKey: 'b' } });
      const first = spy('a', () => gate.pass().then(() => Result.success('of the dead')));
      const second = spy('a', Result.success('of the living'));
      const dying = await world.open(flow, [first, spy('b', Result.success('b'))]);
      const { execution } = await dying.create('flow');
      const lost = dying.run(execution.id);
      await gate.reached;
      await world.backend.kill(dying);
      const living = await world.open(flow, [second, spy('b', Result.success('b'))]);
      await world.drive(living);
      const after = await living.get(execution.id);
      expect(after).toMatchObject({ status: 'completed', context: { a: 'of the living', b: 'b' } });
      expect(second.calls[0]).toMatchObject({ attempt: 1, idempotencyKey: first.calls[0]?.idempotencyKey });
      gate.open();
      // Rule 1: a stale worker cannot save; it learns what became of the execution.
      expect((await lost).status).toBe('completed');
      expect(await living.get(execution.id)).toEqual(after);
    });

    it('11. killed after a step was recorded, that step is not run again', async () => {
      const gate = createGate();
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: {} });
      const done = spy('a', Result.success(1));
      const dying = await world.open(flow, [done, spy('b', () => gate.pass())]);
      const { execution } = await dying.create('flow');
      const lost = dying.run(execution.id);
      await gate.reached;
      await world.backend.kill(dying);
      const never = spy('a', Result.success(2));
      const living = await world.open(flow, [never, spy('b', Result.success())]);
      await world.drive(living);
      expect(trail(await living.get(execution.id))).toEqual(['a success', 'b success']);
      expect(never.calls).toHaveLength(0);
      gate.open();
      await lost;
    });

    it('11. killed while it waits, the timer still goes off', async () => {
      const flow = buildFlow({ nap: { type: 'delay', config: { duration: 1_000 } } });
      const dying = await world.open(flow);
      const { id } = await world.start(dying);
      await world.backend.kill(dying);
      const living = await world.open(flow);
      await world.pass(living, 1_000);
      expect((await living.get(id)).status).toBe('completed');
    });

    it('11. killed half way through a map, no item that ended runs again', async () => {
      const flow = buildFlow({
        each: {
          type: 'map',
          config: { startStepId: 'work', concurrency: 2 },
          input: { type: 'key', key: 'items' },
          outputKey: 'out',
        },
        work: {},
      });
      const runs = new Map<unknown, number>();
      const gate = createGate();
      const count = (item: unknown) => runs.set(item, (runs.get(item) ?? 0) + 1);
      const dying = await world.open(flow, [
        spy('work', async ({ context }) => {
          count(context.item);
          if (context.item === 5) await gate.pass();
          return Result.success(context.item);
        }),
      ]);
      const { execution } = await dying.create('flow', { items: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
      const lost = world.drive(dying);
      await gate.reached;
      await world.backend.kill(dying);
      const recorded = await dying.store.index?.results(execution.id, 'each#1.1', { limit: 100 });
      const living = await world.open(flow, [
        spy('work', ({ context }) => {
          count(context.item);
          return Result.success(context.item);
        }),
      ]);
      expect((await world.driveOn(living, execution.id)).context.out).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(recorded?.length).toBeGreaterThan(1);
      expect(recorded?.map(({ output }) => runs.get(output))).toEqual(recorded?.map(() => 1));
      gate.open();
      await lost;
    });

    it('a step whose worker dies each time fails with MAX_DELIVERIES instead of taking every worker with it', async () => {
      const flow = buildFlow({ poison: { onFailure: 'after' }, after: {} });
      const gates: Gate[] = [];
      const lost: Promise<unknown>[] = [];
      const { execution } = await (await world.open(flow)).create('flow');
      for (let n = 0; n < 3; n += 1) {
        const gate = createGate();
        gates.push(gate);
        const dying = await world.open(flow, [spy('poison', () => gate.pass())], { maxDeliveries: 3 });
        lost.push(dying.run(execution.id));
        await gate.reached;
        await world.backend.kill(dying);
      }
      const poison = spy('poison', Result.success());
      const living = await world.open(flow, [poison, spy('after', Result.success())], { maxDeliveries: 3 });
      await world.drive(living);
      expect(await living.get(execution.id)).toMatchObject({
        status: 'completed',
        context: { error: { code: 'MAX_DELIVERIES', stepId: 'poison' } },
      });
      expect(poison.calls).toHaveLength(0);
      for (const gate of gates) gate.open();
      await Promise.all(lost);
    });

    it('a worker that closes gives its attempts back, and that counts as no delivery', async () => {
      const gate = createGate();
      const flow = buildFlow({ a: {} });
      const stalled = spy('a', () => gate.pass());
      const leaving = await world.open(flow, [stalled]);
      const { execution } = await leaving.create('flow');
      const running = leaving.run(execution.id);
      await gate.reached;
      await leaving.close();
      expect((await running).status).toBe('running');
      expect(stalled.calls[0]?.signal.aborted).toBe(true);
      expect((await leaving.get(execution.id)).attempt).toMatchObject({ deliveries: 0, attempt: 1 });
      const next = await world.open(flow, [spy('a', Result.success())]);
      await world.drive(next);
      expect(await next.get(execution.id)).toMatchObject({ status: 'completed' });
      gate.open();
    });

    it('a handler is not called for an attempt that is over before it could be', async () => {
      const never = spy('a', Result.success());
      const engine = await world.open(buildFlow({ a: {} }), [never]);
      const { execution } = await engine.create('flow');
      const claim = await engine.claim(execution.id);
      if (!claim) throw new Error('not claimed');
      // The lease is lost just when the step has begun.
      const lost = new AbortController();
      engine.on('step:started', () => lost.abort());
      await engine.deliver({ ...claim, signal: lost.signal });
      await claim.release();
      expect(never.calls).toHaveLength(0);
      const closing = await world.open(buildFlow({ a: {} }), [never]);
      closing.on('step:started', () => void closing.close());
      const { execution: other } = await closing.create('flow');
      expect(await closing.run(other.id)).toMatchObject({ status: 'running' });
      expect((await closing.get(other.id)).attempt).toMatchObject({ attempt: 1, deliveries: 0 });
      expect(never.calls).toHaveLength(0);
    });

    it('a delivery yields after so many steps, and another worker goes on', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b' }, b: { onSuccess: 'c' }, c: {} });
      const handlers = () => ['a', 'b', 'c'].map((type) => spy(type, Result.success(type)));
      const one = await world.open(flow, handlers());
      const { execution } = await one.create('flow');
      const claim = await one.claim(execution.id);
      if (!claim) throw new Error('not claimed');
      const delivered = await one.deliver(claim, { maxSteps: 2 });
      expect(delivered).toMatchObject({
        execution: { status: 'running', currentStepId: 'c' },
        dueAt: world.clock.now(),
      });
      await claim.release();
      const other = await world.open(flow, handlers());
      expect((await other.run(execution.id)).stepResults.map(({ stepId }) => stepId)).toEqual(['c']);
    });

    it('a delivery can leave a step to a worker that has its handler', async () => {
      const flow = buildFlow({ a: { onSuccess: 'b', outputKey: 'a' }, b: {} });
      const without = await world.open(flow, [spy('a', Result.success(1))]);
      const { execution } = await without.create('flow');
      const claim = await without.claim(execution.id);
      if (!claim) throw new Error('not claimed');
      const delivered = await without.deliver(claim, { missingHandler: 'leave' });
      await claim.release();
      expect(delivered).toMatchObject({ undeliverable: 'b', execution: { status: 'running', currentStepId: 'b', context: { a: 1 } } });
      const having = await world.open(flow, [spy('b', Result.success())]);
      expect((await having.run(execution.id)).status).toBe('completed');
    });
  });
}
