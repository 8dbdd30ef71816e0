import { describe, expect, it } from 'vitest';
import { mapHandler } from '../../handlers/map.ts';
import { Result } from '../../result.ts';
import type { HandlerParams, StepHandler } from '../../types.ts';
import { buildFlow } from '../build-flow.ts';
import { createGate, spy } from '../handlers.ts';
import type { EngineBackendFactory } from './engine.ts';
import { useEngines } from './engine-fixture.ts';

/** What a handler that is called because its children ended is promised when its worker dies, leaves, or lives. */
export function testEngineCallBacks(name: string, factory: EngineBackendFactory): void {
  describe(`${name}: engine call backs`, () => {
    const world = useEngines(factory);
    const maxDeliveries = 3;
    const spawn = [{ kind: 'flow' as const, flowId: 'flow', startStepId: 'child', context: {} }];
    const flow = buildFlow({ parent: { config: { startStepId: 'child' }, onFailure: 'after' }, child: {}, after: {} });

    /** A worker, and the calls that it gets back. */
    async function worker(answer: (params: HandlerParams) => unknown, { child = Result.success(), most = maxDeliveries } = {}) {
      const back = spy('parent', answer);
      const parent = spy('parent', (params) => (params.resumed ? back.execute(params) : Result.wait({ spawn })));
      const engine = await world.open(flow, [parent, spy('child', child), spy('after', Result.success())], { maxDeliveries: most });
      return { engine, calls: back.calls };
    }

    /** An execution whose children have ended, so that its handler is called next. */
    async function fulfilled(): Promise<string> {
      const { engine } = await worker(() => Result.success());
      const { execution } = await engine.create('flow');
      await engine.run(execution.id);
      for (const id of world.childrenOf(execution.id)) await engine.run(id);
      return execution.id;
    }

    /** A worker is called back, does `first`, and then dies or leaves. */
    async function callBack(id: string, end: 'die' | 'leave', first: (params: HandlerParams) => unknown = () => undefined): Promise<void> {
      const gate = createGate();
      const { engine } = await worker(async (params) => {
        await first(params);
        await gate.pass();
      });
      const lost = engine.run(id);
      const isCalled = await Promise.race([gate.reached.then(() => true), lost.then(() => false)]);
      expect(isCalled).toBe(true);
      if (end === 'die') await world.backend.kill(engine);
      else await engine.close();
      gate.open();
      await lost;
    }

    it('a step whose worker dies each time fails with MAX_DELIVERIES, and no other execution does', async () => {
      const [id, other] = [await fulfilled(), await fulfilled()];
      for (let n = 0; n < maxDeliveries; n += 1) await callBack(id, 'die');
      const living = await worker(() => Result.success('collected'));
      await world.driveOn(living.engine, id);
      expect(await living.engine.get(id)).toMatchObject({
        status: 'completed',
        context: { error: { code: 'MAX_DELIVERIES', stepId: 'parent' } },
      });
      expect(await living.engine.get(other)).toMatchObject({ status: 'completed', history: [{ status: 'wait' }, { status: 'success' }] });
      expect(living.calls).toHaveLength(1);
    });

    it('so does one that had saved a checkpoint each time', async () => {
      const id = await fulfilled();
      for (let n = 0; n < maxDeliveries; n += 1) await callBack(id, 'die', ({ checkpoint }) => checkpoint.save(n));
      const living = await worker(() => Result.success());
      await world.driveOn(living.engine, id);
      expect((await living.engine.get(id)).context.error).toMatchObject({ code: 'MAX_DELIVERIES' });
      expect(living.calls).toHaveLength(0);
    });

    it('one that dies more seldom goes on, and is counted afresh once it has answered', async () => {
      const id = await fulfilled();
      for (let n = 1; n < maxDeliveries; n += 1) await callBack(id, 'die');
      const living = await worker(({ children }) =>
        children.tally().then(({ created }) => (created === 1 ? Result.wait({ spawn }) : Result.success())),
      );
      await living.engine.run(id);
      await living.engine.run(world.childrenOf(id)[1] as string);
      for (let n = 1; n < maxDeliveries; n += 1) await callBack(id, 'die');
      expect(await living.engine.run(id)).toMatchObject({ status: 'completed' });
      expect((await living.engine.get(id)).context).not.toHaveProperty('error');
    });

    it('a worker that closes meanwhile counts as no delivery', async () => {
      const id = await fulfilled();
      for (let n = 0; n <= maxDeliveries; n += 1) await callBack(id, 'leave');
      const living = await worker(() => Result.success());
      expect(await living.engine.run(id)).toMatchObject({ status: 'completed' });
      expect(living.calls).toHaveLength(1);
    });

    it('whoever looks before the children have ended counts as no delivery', async () => {
      const { engine, calls } = await worker(() => Result.success(), { child: Result.wait({}), most: 1 });
      const { id } = await world.start(engine);
      for (let n = 0; n < 3; n += 1) expect(await engine.run(id)).toMatchObject({ status: 'waiting' });
      await engine.resume(world.childrenOf(id)[0] as string);
      const living = await worker(() => Result.success(), { most: 1 });
      await world.drive(living.engine);
      expect(await engine.get(id)).toMatchObject({ status: 'completed', history: [{ status: 'wait' }, { status: 'success' }] });
      expect([...calls, ...living.calls]).toHaveLength(1);
    });

    it('nor does one that closes after somebody has looked', async () => {
      const { engine } = await worker(() => Result.success());
      const { id } = (await engine.create('flow')).execution;
      for (let n = 0; n < 2; n += 1) await engine.run(id);
      for (const child of world.childrenOf(id)) await engine.run(child);
      await callBack(id, 'leave');
      const living = await worker(() => Result.success(), { most: 1 });
      expect(await living.engine.run(id)).toMatchObject({ status: 'completed' });
      expect((await living.engine.get(id)).context).not.toHaveProperty('error');
    });

    it('a call costs no commit beside that of its answer', async () => {
      let calls = 0;
      const each: StepHandler = { ...mapHandler, type: 'each', execute: (params) => ((calls += 1), mapHandler.execute(params)) };
      const config = { startStepId: 'child', concurrency: 2 };
      const input = { type: 'key', key: 'items' } as const;
      const engine = await world.open(buildFlow({ each: { config, input }, child: {} }), [each, spy('child', Result.success())]);
      const { status, revision } = await world.start(engine, { items: Array.from({ length: 20 }, (_, n) => n) });
      expect(status).toBe('completed');
      expect(calls).toBeGreaterThan(10);
      // It was created, its step began, and each call was answered.
      expect(revision).toBe(2 + calls);
    });
  });
}
