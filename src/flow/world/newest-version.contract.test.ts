import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { flowWorld } from '../../../test/support/flow-world.ts';
import { storeOpeners } from '../../../test/support/store-openers.ts';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Store } from '../../world/port.ts';
import { Engine } from '../engine.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { driveDue } from '../local-worker.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { createTriggers } from '../triggers/triggers.ts';
import type { Flow } from '../types.ts';
import { fireHeard } from './trigger-pump.ts';
import { WorldFlowRegistry } from './world-flow-registry.ts';
import { WorldResumeTokens } from './world-resume-tokens.ts';
import { WorldStateStore } from './world-state-store.ts';
import { WorldTriggerStore } from './world-trigger-store.ts';

describe.each(Object.entries(storeOpeners))('processes that share a database: %s', (_name, open) => {
  let clock: FakeClock;
  let store: Store;
  let close: () => Promise<void>;

  beforeEach(async () => {
    clock = createFakeClock(Date.UTC(2026, 0, 1));
    ({ store, close } = await open(clock));
  });
  afterEach(() => close());

  function openProcess(flows: readonly Flow[] = []) {
    const world = flowWorld(store, clock);
    const executions = new WorldStateStore(world);
    const registry = new WorldFlowRegistry(world, flows);
    const options = { tokens: new WorldResumeTokens(world), clock };
    const engine = new Engine(executions, createHandlerRegistry(builtinHandlers()), registry, options);
    const triggers = createTriggers({ engine, store: new WorldTriggerStore(world, executions.index), clock });
    return { engine, registry, triggers, fire: () => fireHeard(world, { store: executions, triggers }) };
  }
  const version = (given: string, more: Partial<Flow> = {}) => buildFlow({ a: { type: 'log' } }, { version: given, ...more });

  it('start the newest published version, whoever registered it and whatever they started before', async () => {
    const serving = openProcess();
    const deploying = openProcess([version('1.0.0')]);
    await deploying.registry.flush();
    const started = async () => (await serving.engine.create('flow')).execution.flowVersion;
    expect(await started()).toBe('1.0.0');
    for (const next of [version('1.1.0'), version('2.0.0', { status: 'draft' }), version('1.0.1')]) deploying.registry.register(next);
    await deploying.registry.flush();
    expect(await started()).toBe('1.1.0');
    expect((await serving.engine.create('flow', {}, { version: '1.0.0' })).execution.flowVersion).toBe('1.0.0');
    // Also where it has registered one itself.
    serving.registry.register(version('1.2.0'));
    expect(await started()).toBe('1.2.0');
    deploying.registry.register(version('1.3.0'));
    await deploying.registry.flush();
    expect(await Promise.all([started(), started(), started()])).toEqual(['1.3.0', '1.3.0', '1.3.0']);
  });

  it('start what is stored though a version of it cannot be used here, and say so once', async () => {
    const warn = vi.spyOn(silentLogger, 'warn');
    onTestFinished(() => warn.mockRestore());
    const old = { ...version('1.0.0').steps['a'], input: { type: 'static' } };
    const stored = [
      { flowId: 'flow', version: '1.0.0', definition: { ...version('1.0.0'), steps: { a: old } } },
      { flowId: 'flow', version: '3.0.0', definition: { ...version('3.0.0'), initialStepId: 'gone' } },
    ].map((row) => ({ ...row, definition: JSON.stringify(row.definition) }));
    await store.flows.commit({ kind: 'saveFlows', flows: stored, now: clock.now() });
    const { engine, registry } = openProcess();
    // An older release let it be registered.
    expect((await engine.create('flow')).execution.flowVersion).toBe('1.0.0');
    await engine.create('flow');
    await registry.loadAll();
    expect(warn.mock.calls.map(([message]) => message)).toEqual([expect.stringContaining('Flow flow@3.0.0 cannot be used here')]);
    await expect(engine.create('flow', {}, { version: '3.0.0' })).rejects.toMatchObject({ code: 'INVALID_FLOW' });
  });

  it('refuse what a stored schema would only answer later, and start everything else', async () => {
    const inputSchema = { $async: true, type: 'object', required: ['amount'] };
    const row = { flowId: 'flow', version: '1.0.0', definition: JSON.stringify(version('1.0.0', { inputSchema })) };
    await store.flows.commit({ kind: 'saveFlows', flows: [row], now: clock.now() });
    const { engine } = openProcess([version('1.0.0', { id: 'fine', inputSchema: { type: 'object' } })]);
    for (let n = 0; n < 3; n += 1) await expect(engine.create('flow')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect((await engine.create('fine')).created).toBe(true);
  });

  it('start the newest version of a subflow too', async () => {
    const parent = buildFlow({ sub: { type: 'subflow', config: { flowId: 'flow' } } }, { id: 'parent' });
    const working = openProcess([parent, version('1.0.0')]);
    const deploying = openProcess([version('1.1.0')]);
    await deploying.registry.flush();
    const children: string[] = [];
    working.engine.on<{ flowId: string; flowVersion: string }>('execution:created', ({ flowId, flowVersion }) =>
      children.push(`${flowId}@${flowVersion}`),
    );
    await working.engine.create('parent');
    await driveDue(working.engine, clock);
    expect(children).toEqual(['parent@1.0.0', 'flow@1.1.0']);
  });

  it('ask the store once for all who ask meanwhile, and parse no version twice', async () => {
    const { engine, registry } = openProcess([version('1.0.0')]);
    await engine.create('flow');
    const [asks, parses] = [vi.spyOn(store.flows, 'listFlows'), vi.spyOn(JSON, 'parse')];
    try {
      await Promise.all(Array.from({ length: 50 }, () => registry.load('flow')));
      expect(asks.mock.calls.length).toBeLessThanOrEqual(2);
      expect(parses.mock.calls.filter(([text]) => text.includes('initialStepId'))).toEqual([]);
    } finally {
      asks.mockRestore();
      parses.mockRestore();
    }
  });

  it('tell an event trigger of each wait, also of one that was over with the commit that began it', async () => {
    const ask = { type: 'wait', input: { type: 'path', path: 'approval.token' } } as const;
    const asking = buildFlow(
      {
        issue: { type: 'wait', config: { issue: true }, outputKey: 'approval', onSuccess: 'first' },
        first: { ...ask, onResume: 'second' },
        second: { type: 'wait', onResume: null },
      },
      { id: 'asking' },
    );
    const { engine, triggers, registry, fire } = openProcess([asking, version('1.0.0')]);
    await registry.flush();
    await triggers.register({ id: 'watch', type: 'event', flowId: 'flow', event: 'execution:waiting', sourceFlowId: 'asking' });
    const { execution } = await engine.create('asking');
    await engine.step(execution.id);
    const { token } = (await engine.get(execution.id)).context['approval'] as { token: string };
    await engine.resume({ token }, 'early');
    expect(await engine.run(execution.id)).toMatchObject({ status: 'waiting' });
    expect(await engine.get(execution.id)).toMatchObject({ currentStepId: 'second' });
    for (let told = 0; told < 2; told += 1) await fire();
    expect((await triggers.firings('watch')).filter(({ executionId, duplicate }) => executionId && !duplicate)).toHaveLength(2);
  });
});
