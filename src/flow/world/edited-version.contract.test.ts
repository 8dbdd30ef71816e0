import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { flowWorld } from '../../../test/support/flow-world.ts';
import { storeOpeners } from '../../../test/support/store-openers.ts';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import type { Store } from '../../world/port.ts';
import { Engine } from '../engine.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { driveDue } from '../local-worker.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { createTriggers } from '../triggers/triggers.ts';
import type { Flow } from '../types.ts';
import { WorldFlowRegistry } from './world-flow-registry.ts';
import { WorldResumeTokens } from './world-resume-tokens.ts';
import { WorldStateStore } from './world-state-store.ts';
import { WorldTriggerStore } from './world-trigger-store.ts';

describe.each(Object.entries(storeOpeners))('a version that is stored with other content than is registered: %s', (_name, open) => {
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
    return { engine, registry, triggers };
  }
  const says = (what: string) => ({ type: 'transform', config: { expression: `'${what}'` }, outputKey: 'said' });
  const waiting = (what: string, version = '1.0.0') =>
    buildFlow({ ask: { type: 'wait', onResume: 'say' }, say: says(what) }, { id: 'waiting', version });
  const other = buildFlow({ a: { type: 'log' } }, { id: 'other' });
  const refused = { code: 'INVALID_FLOW', message: expect.stringContaining('waiting@1.0.0 is stored') };

  /** One in which the flows are, and one that knows only the other flow. */
  async function openBoth(...more: readonly Flow[]) {
    const first = openProcess([waiting('stored'), other, ...more]);
    await first.registry.flush();
    return { first, second: openProcess([other]) };
  }

  it('cannot be started, each time, and everything else can', async () => {
    const { first, second } = await openBoth();
    await second.engine.create('other');
    second.registry.register(waiting('edited'));
    for (let time = 0; time < 2; time += 1) {
      expect((await second.engine.create('other')).created).toBe(true);
      await expect(second.engine.create('waiting')).rejects.toMatchObject(refused);
      await expect(second.engine.create('waiting', {}, { version: '1.0.0' })).rejects.toMatchObject(refused);
    }
    first.registry.register(waiting('newer', '1.1.0'));
    await first.registry.flush();
    expect((await second.engine.create('waiting')).execution.flowVersion).toBe('1.1.0');
    await expect(second.engine.create('waiting', {}, { version: '1.0.0' })).rejects.toMatchObject(refused);
  });

  it('gives way though another flow would not be taken any more', async () => {
    await openBoth();
    let isStrict = false;
    const checkConfig = () => (isStrict ? [{ pointer: '', message: 'no more' }] : []);
    const picky = { type: 'picky', execute: async () => Result.success(null), metadata: { name: 'Picky', checkConfig } };
    const mine = buildFlow({ a: { type: 'picky' } }, { id: 'mine' });
    const handlers = createHandlerRegistry([...builtinHandlers(), picky]);
    const registry = new WorldFlowRegistry(flowWorld(store, clock), [mine, waiting('edited')], { handlers });
    isStrict = true;
    for (let time = 0; time < 2; time += 1) {
      expect((await registry.stored('waiting', '1.0.0'))?.steps.say?.config).toEqual(says('stored').config);
    }
    expect(registry.has('mine')).toBe(true);
  });

  it('is refused before its input is looked at', async () => {
    const { second } = await openBoth();
    second.registry.register({ ...waiting('edited'), inputSchema: { type: 'object', required: ['more'] } });
    await expect(second.engine.create('waiting')).rejects.toMatchObject(refused);
  });

  it('fails the firings that would start it, and no other', async () => {
    const { second } = await openBoth();
    for (const id of ['waiting', 'other']) await second.triggers.register({ type: 'schedule', id, flowId: id, cron: '* * * * *' });
    second.registry.register(waiting('edited'));
    clock.advance(60_000);
    await second.triggers.fireDue();
    expect(await second.triggers.firings('waiting')).toMatchObject([{ error: { code: 'INVALID_FLOW' } }]);
    expect(await second.triggers.firings('other')).toMatchObject([{ executionId: expect.any(String) }]);
  });

  it('keeps a process from starting until it is registered as it is stored', async () => {
    const { first, second } = await openBoth();
    second.registry.register(waiting('edited'));
    for (let time = 0; time < 2; time += 1) await expect(second.registry.flush()).rejects.toMatchObject(refused);
    second.registry.register(waiting('stored'));
    await second.registry.flush();
    const { id } = (await second.engine.create('waiting')).execution;
    expect((await first.engine.get(id)).flowVersion).toBe('1.0.0');
  });

  it.each(['at once', 'after a create was refused', 'where it was read before'])(
    'is run as it is stored by executions under way: %s',
    async (when) => {
      const { first, second } = await openBoth();
      const { id } = (await first.engine.create('waiting')).execution;
      await first.engine.run(id);
      if (when === 'where it was read before') await second.engine.create('waiting');
      second.registry.register(waiting('edited'));
      if (when === 'after a create was refused') await expect(second.engine.create('waiting')).rejects.toMatchObject(refused);
      await second.engine.resume(id);
      expect(await second.engine.run(id)).toMatchObject({ status: 'completed', output: { said: 'stored' } });
    },
  );

  it.each([
    ['the newest version', {}],
    ['a version by name', { version: '1.0.0' }],
  ])('is run as it is stored by the children of executions under way: %s', async (_which, given) => {
    const parent = buildFlow({ sub: { type: 'subflow', config: { flowId: 'said', ...given }, outputKey: 'of' } }, { id: 'parent' });
    const said = (what: string) => buildFlow({ say: says(what) }, { id: 'said' });
    const { first, second } = await openBoth(parent, said('stored'));
    const { id } = (await first.engine.create('parent')).execution;
    second.registry.register(said('edited'));
    await driveDue(second.engine, clock);
    expect(await second.engine.get(id)).toMatchObject({ status: 'completed', output: { of: { said: 'stored' } } });
  });

  it('gives way, and so do others that are registered with it', async () => {
    const said = (what: string) => buildFlow({ say: says(what) }, { id: 'said' });
    const { second } = await openBoth(said('stored'));
    const added = buildFlow({ say: says('added') }, { id: 'added' });
    for (const flow of [waiting('edited'), added, said('edited')]) second.registry.register(flow);
    expect(await second.engine.run((await second.engine.create('added')).execution.id)).toMatchObject({ output: { said: 'added' } });
    for (const id of ['waiting', 'said']) await expect(second.engine.create(id)).rejects.toMatchObject({ code: 'INVALID_FLOW' });
    expect(second.registry.get('said', '1.0.0')).toEqual(said('stored'));
    expect(second.registry.get('waiting', '1.0.0')).toEqual(waiting('stored'));
    second.registry.register(said('stored'));
    expect((await second.engine.create('said')).created).toBe(true);
  });

  it('is told of in the log, and shown as it is stored', async () => {
    const { first, second } = await openBoth();
    const { id } = (await first.engine.create('waiting')).execution;
    const warn = vi.spyOn(flowWorld(store, clock).logger, 'warn');
    onTestFinished(() => warn.mockRestore());
    second.registry.register(waiting('edited'));
    await second.engine.run(id);
    expect(warn.mock.calls.map(([message]) => message)).toEqual([expect.stringContaining('waiting@1.0.0 is stored with other content')]);
    expect(second.registry.list()).toHaveLength(2);
    for (const shown of [second.registry.get('waiting', '1.0.0'), second.registry.get('waiting')]) expect(shown).toEqual(waiting('stored'));
  });

  it('is asked for no more once that is known', async () => {
    const { first, second } = await openBoth();
    const { id } = (await first.engine.create('waiting')).execution;
    await first.engine.run(id);
    second.registry.register(waiting('edited'));
    await second.engine.create('other', {}, { version: '1.0.0' });
    const [commit, getFlow, listFlows] = [
      vi.spyOn(store.flows, 'commit'),
      vi.spyOn(store.flows, 'getFlow'),
      vi.spyOn(store.flows, 'listFlows'),
    ];
    onTestFinished(() => [commit, getFlow, listFlows].forEach((spy) => spy.mockRestore()));
    const { execution } = await second.engine.create('other', {}, { version: '1.0.0' });
    await second.engine.run(execution.id);
    await second.engine.resume(id);
    expect(await second.engine.run(id)).toMatchObject({ output: { said: 'stored' } });
    expect(commit.mock.calls.filter(([act]) => act.kind === 'saveFlows')).toEqual([]);
    expect([getFlow.mock.calls, listFlows.mock.calls]).toEqual([[], []]);
  });
});
