import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../src/base/fake-clock.ts';
import { Engine } from '../../src/flow/engine.ts';
import { createHandlerRegistry } from '../../src/flow/handler-registry.ts';
import { builtinHandlers } from '../../src/flow/handlers/builtin-handlers.ts';
import { driveDue } from '../../src/flow/local-worker.ts';
import { buildFlow } from '../../src/flow/testing/build-flow.ts';
import { createTriggers, type Triggers } from '../../src/flow/triggers/triggers.ts';
import { fireHeard } from '../../src/flow/world/trigger-pump.ts';
import { WorldFlowRegistry } from '../../src/flow/world/world-flow-registry.ts';
import { WorldResumeTokens } from '../../src/flow/world/world-resume-tokens.ts';
import { WorldStateStore } from '../../src/flow/world/world-state-store.ts';
import { WorldTriggerStore } from '../../src/flow/world/world-trigger-store.ts';
import type { Store } from '../../src/world/port.ts';
import { flowWorld } from '../support/flow-world.ts';
import { storeOpeners } from '../support/store-openers.ts';

interface Worker {
  readonly engine: Engine;
  readonly triggers: Triggers;
  /** Fires all that event triggers wait to hear of. */
  fire(): Promise<void>;
}

describe.each(Object.entries(storeOpeners))('triggers on %s', (_name, open) => {
  const log = (id: string) => buildFlow({ a: { type: 'log', config: { message: 'seen' } } }, { id });
  const hour = 3_600_000;
  let clock: FakeClock;
  let store: Store;
  let close: () => Promise<void>;

  beforeEach(async () => {
    clock = createFakeClock(Date.UTC(2026, 0, 1, 0, 30));
    ({ store, close } = await open(clock));
  });
  afterEach(() => close());

  async function worker(): Promise<Worker> {
    const world = flowWorld(store, clock);
    const executions = new WorldStateStore(world);
    const ask = { type: 'wait', config: {} };
    const asking = buildFlow({ once: { ...ask, onResume: 'twice' }, twice: { ...ask, onResume: null } }, { id: 'asking' });
    const failing = (id: string) => buildFlow({ a: { type: 'transform', config: { expression: '$error("down")' } } }, { id });
    const alert = buildFlow({ page: { type: 'subflow', config: { flowId: 'failing' } } }, { id: 'alert' });
    const flows = new WorldFlowRegistry(world, [log('flow'), log('after'), asking, failing('failing'), failing('failing-too'), alert]);
    const options = { tokens: new WorldResumeTokens(world), clock };
    const engine = new Engine(executions, createHandlerRegistry(builtinHandlers()), flows, options);
    await flows.flush();
    const triggers = createTriggers({ engine, store: new WorldTriggerStore(world, executions.index), clock, secrets: () => 'secret' });
    return { engine, triggers, fire: () => fireHeard(world, { store: executions, triggers }) };
  }
  const runsOf = async (flowId: string) => {
    const query = { workflowName: `flow//${flowId}@1.0.0`, status: undefined, after: undefined, order: 'asc', limit: 100 } as const;
    return (await store.listRuns(query)).map(({ runId }) => runId);
  };

  it('fires each occurrence of a schedule once, however many workers look', async () => {
    const workers = [await worker(), await worker(), await worker()] as const;
    await workers[0].triggers.register({ id: 'nightly', type: 'schedule', flowId: 'flow', cron: '0 * * * *', catchUp: 'all' });
    clock.advance(3 * hour);
    await Promise.all([...workers, ...workers].map(({ triggers }) => triggers.fireDue()));
    expect(await runsOf('flow')).toHaveLength(3);
    const firings = await workers[1].triggers.firings('nightly');
    expect(firings.map(({ scheduledFor }) => new Date(scheduledFor ?? 0).toISOString())).toEqual([
      '2026-01-01T03:00:00.000Z',
      '2026-01-01T02:00:00.000Z',
      '2026-01-01T01:00:00.000Z',
    ]);
    expect((await workers[2].triggers.find('nightly'))?.nextFireAt).toBe(Date.UTC(2026, 0, 1, 4));
  });

  it('writes a firing and its execution together, or neither', async () => {
    const { engine, triggers } = await worker();
    await triggers.register({ id: 'nightly', type: 'schedule', flowId: 'missing', cron: '0 * * * *' });
    clock.advance(hour);
    await triggers.fireDue();
    expect(await triggers.firings('nightly')).toMatchObject([{ error: { code: 'FLOW_NOT_FOUND' } }]);
    await triggers.register({ id: 'nightly', type: 'schedule', flowId: 'flow', cron: '0 * * * *' });
    clock.advance(hour);
    await triggers.fireDue();
    const [firing] = await triggers.firings('nightly');
    expect(await engine.get(String(firing?.executionId))).toMatchObject({ status: 'pending', metadata: { triggerId: 'nightly' } });
  });

  it('starts one execution for a request that is signed and delivered many times at once', async () => {
    const workers = [await worker(), await worker()] as const;
    await workers[0].triggers.register({
      id: 'hook',
      type: 'http',
      flowId: 'flow',
      path: '/orders',
      signature: { header: 'x-signature', secret: { env: 'SECRET' } },
      idempotencyKeyHeader: 'x-delivery',
    });
    const rawBody = Buffer.from(JSON.stringify({ order: 7 }));
    const signature = createHmac('sha256', 'secret').update(rawBody).digest('hex');
    const headers = { 'x-signature': signature, 'x-delivery': 'd-1', 'content-type': 'application/json' };
    const request = { method: 'POST', path: '/orders', query: {}, headers, rawBody };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => (workers[n % 2] as Worker).triggers.handle(request)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(new Set(answers.map(({ body: { executionId } }) => executionId)).size).toBe(1);
    expect(await runsOf('flow')).toHaveLength(1);
    expect((await workers[0].triggers.handle({ ...request, rawBody: Buffer.from('{}') })).status).toBe(401);
  });

  it('keeps what an event trigger waits to hear of until it has fired, whoever dies between', async () => {
    const [dying, living] = [await worker(), await worker()];
    await dying.triggers.register({ id: 'chain', type: 'event', flowId: 'after', event: 'execution:completed', sourceFlowId: 'flow' });
    await dying.engine.create('flow');
    await driveDue(dying.engine, clock);
    expect(await runsOf('after')).toEqual([]);
    await Promise.all([living.fire(), living.fire()]);
    expect(await runsOf('after')).toHaveLength(1);
    await dying.fire();
    expect(await runsOf('after')).toHaveLength(1);
  });

  it('shows an event trigger the execution as it was at the event, and fires for each, however late it hears of them', async () => {
    const { engine, triggers, fire } = await worker();
    await triggers.register({ id: 'watch', type: 'event', flowId: 'after', event: 'execution:waiting', sourceFlowId: 'asking' });
    const { execution } = await engine.create('asking', { asked: 0 });
    for (const answer of ['first', 'second']) {
      await driveDue(engine, clock);
      await engine.resume(execution.id, answer);
    }
    await driveDue(engine, clock);
    expect((await engine.get(execution.id)).status).toBe('completed');
    await fire();
    const seen = (await Promise.all((await runsOf('after')).map((id) => engine.get(id)))).map(({ context }) => context);
    // Both were created at one instant, so their ids say nothing of their order: the later one has more to tell.
    expect(seen.toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)).toMatchObject([
      { event: 'execution:waiting', execution: { id: execution.id, status: 'waiting', context: { asked: 0 } } },
      { event: 'execution:waiting', execution: { id: execution.id, status: 'waiting', context: { asked: 0, resumeData: 'first' } } },
    ]);
  });

  it.each([
    ['its children', [{ id: 'pager', flowId: 'alert' }]],
    [
      'another trigger',
      [
        { id: 'pager', sourceFlowId: 'failing', flowId: 'failing-too' },
        { id: 'other', sourceFlowId: 'failing-too', flowId: 'failing' },
      ],
    ],
  ])('never fires a trigger for what it led to through %s', async (_way, given) => {
    const { engine, triggers, fire } = await worker();
    for (const trigger of given) await triggers.register({ ...trigger, type: 'event', event: 'execution:failed' });
    await engine.create('failing');
    for (let round = 0; round < 5; round += 1) {
      await driveDue(engine, clock);
      await fire();
    }
    for (const { id } of given) expect(await triggers.firings(id)).toHaveLength(1);
  });

  it('notes once for an event that a condition failed, however many workers are told of it', async () => {
    const workers = [await worker(), await worker(), await worker()] as const;
    const [{ engine, triggers }] = workers;
    const trigger = { type: 'event', flowId: 'after', event: 'execution:failed', sourceFlowId: 'failing' } as const;
    await triggers.register({ ...trigger, id: 'condition', condition: '$number(execution.error.code) > 1' });
    await triggers.register({ ...trigger, id: 'transform', transform: '{ "code": $number(execution.error.code) }' });
    for (let failed = 1; failed <= 2; failed += 1) {
      const { execution } = await engine.create('failing');
      await driveDue(engine, clock);
      await Promise.all(workers.map(({ fire }) => fire()));
      const source = await engine.get(execution.id);
      await Promise.all(workers.map((told) => told.triggers.fireEvent('execution:failed', source)));
      for (const id of ['condition', 'transform']) {
        const firings = await triggers.firings(id);
        expect(firings.map(({ error }) => error?.code)).toEqual(Array.from({ length: failed }, () => 'INPUT_RESOLUTION_ERROR'));
      }
    }
    expect(await runsOf('after')).toEqual([]);
  });
});
