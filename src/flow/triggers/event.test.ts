import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import type { CreateOptions } from '../engine/create.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { driveDue } from '../local-worker.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { spy } from '../testing/handlers.ts';
import type { Execution } from '../types.ts';
import { forwardEvents, type Forwarding } from './forward-events.ts';
import { MemoryTriggerStore } from './memory-trigger-store.ts';
import { createTriggers, type Triggers } from './triggers.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

const alerting = (id: string, step: object) => buildFlow({ page: { ...step }, fail: {} }, { id });
const flows = [
  buildFlow({ fail: {} }, { id: 'failing' }),
  buildFlow({ fail: {} }, { id: 'failing-too' }),
  buildFlow({ page: { type: 'subflow', config: { flowId: 'failing' } } }, { id: 'alert' }),
  alerting('alert-by-branch', { type: 'parallel', config: { branches: { one: { startStepId: 'fail' } } }, onFailure: 'fail' }),
  buildFlow({ hold: { type: 'wait', onResume: null }, undo: {} }, { id: 'held', metadata: { onCancel: 'undo' } }),
  buildFlow({ undo: {} }, { id: 'fine' }),
];

let clock: FakeClock;
let engine: Engine;
let triggers: Triggers;
let forwarding: Forwarding;
let created: Execution[];

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  const executions = new MemoryStateStore({ clock });
  const own = [spy('fail', Result.failure({ code: 'DOWN', message: 'down', retryable: false })), spy('undo', Result.success())];
  engine = new Engine(executions, createHandlerRegistry([...builtinHandlers(), ...own]), createFlowRegistry(flows), { clock });
  triggers = createTriggers({ engine, store: new MemoryTriggerStore(executions.index), clock });
  forwarding = forwardEvents(engine, triggers);
  created = [];
  engine.on<Execution>('execution:created', (execution) => created.push(execution));
});

/** Until nothing is due any more; a loop does not get further than these rounds. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    await driveDue(engine, clock);
    await forwarding.settled();
  }
}
async function finish(flowId: string, options?: CreateOptions): Promise<Execution> {
  const { execution } = await engine.create(flowId, {}, options);
  await settle();
  return execution;
}
const firings = async (id: string) => (await triggers.firings(id)).length;
const startedAs = (flowId: string) => created.filter((execution) => execution.flowId === flowId);

describe('an event trigger never hears of what it led to', () => {
  const pager = { type: 'event', id: 'pager', event: 'execution:failed' } as const;

  it.each(['alert', 'alert-by-branch'])('through children: %s', async (flowId) => {
    await triggers.register({ ...pager, flowId });
    await finish('failing');
    expect(await firings('pager')).toBe(1);
    expect(created.at(-1)).toMatchObject({ parentExecutionId: startedAs(flowId)[0]?.id, metadata: { triggerIds: ['pager'] } });
  });

  it('through children of an execution that an earlier release started', async () => {
    await triggers.register({ ...pager, flowId: 'alert' });
    await finish('alert', { metadata: { triggerId: 'pager' } });
    expect(await firings('pager')).toBe(0);
  });

  it('through a retry of a child', async () => {
    await triggers.register({ ...pager, flowId: 'alert' });
    await finish('failing');
    await engine.retry(String(created.at(-1)?.id));
    await settle();
    expect(await firings('pager')).toBe(1);
  });

  it('through a compensation', async () => {
    await triggers.register({ ...pager, event: 'execution:completed', sourceFlowId: 'held', flowId: 'held' });
    const source = await finish('held');
    await engine.resume(source.id);
    await settle();
    const [, triggered] = startedAs('held');
    await engine.cancel(String(triggered?.id));
    await settle();
    expect(created.at(-1)?.metadata).toEqual({ compensates: triggered?.id, triggerIds: ['pager'] });
    expect(await engine.get(String(created.at(-1)?.id))).toMatchObject({ status: 'completed' });
    expect(await firings('pager')).toBe(1);
  });

  it('through what was created in the name of such an execution', async () => {
    await triggers.register({ ...pager, flowId: 'held' });
    await finish('failing');
    const parentExecutionId = String(startedAs('held')[0]?.id);
    const child = await finish('failing', { parentExecutionId, metadata: { mine: 1 } });
    expect(child.metadata).toEqual({ mine: 1, triggerIds: ['pager'] });
    expect((await engine.get(child.id)).status).toBe('failed');
    expect(await firings('pager')).toBe(1);
  });

  it('through another trigger', async () => {
    await triggers.register({ ...pager, id: 'one', sourceFlowId: 'failing', flowId: 'failing-too' });
    await triggers.register({ ...pager, id: 'two', sourceFlowId: 'failing-too', flowId: 'failing' });
    await finish('failing');
    expect([await firings('one'), await firings('two')]).toEqual([1, 1]);
    expect(created.map(({ metadata }) => metadata)).toEqual([
      undefined,
      { triggerId: 'one' },
      { triggerId: 'two', triggerIds: ['one', 'two'] },
    ]);
  });
});

describe('an event trigger', () => {
  it('hears of what other triggers started, and of the children of what none did', async () => {
    await triggers.register({ type: 'event', id: 'pager', event: 'execution:failed', sourceFlowId: 'failing', flowId: 'fine' });
    await triggers.register({ type: 'event', id: 'audit', event: 'execution:completed', sourceFlowId: 'fine', flowId: 'fine' });
    await finish('alert');
    expect([await firings('pager'), await firings('audit')]).toEqual([1, 1]);
    const [alert, child] = created;
    expect([alert?.metadata, child?.metadata, child?.parentExecutionId]).toEqual([undefined, undefined, alert?.id]);
  });

  it('whose condition or transform fails says so among its firings, once for each event', async () => {
    const trigger = { type: 'event', event: 'execution:failed', sourceFlowId: 'failing', flowId: 'fine' } as const;
    await triggers.register({ ...trigger, id: 'condition', condition: '$number(execution.error.code) > 1' });
    await triggers.register({ ...trigger, id: 'transform', transform: '{ "code": $number(execution.error.code) }' });
    const sources = [await finish('failing'), await finish('failing')];
    for (const { id } of [...sources, ...sources]) {
      const source = await engine.get(id);
      await Promise.all([triggers.fireEvent('execution:failed', source), triggers.fireEvent('execution:failed', source)]);
    }
    for (const id of ['condition', 'transform']) {
      const error = { code: 'INPUT_RESOLUTION_ERROR', message: expect.stringContaining('$number') };
      expect(await triggers.firings(id)).toMatchObject([{ error }, { error }]);
    }
    expect(startedAs('fine')).toEqual([]);
  });

  it('whose condition fails is told again where its firing could not be noted', async () => {
    const store = new MemoryTriggerStore(new MemoryStateStore({ clock }).index);
    const watched = createTriggers({ engine, store, clock });
    await watched.register({ type: 'event', id: 'bad', event: 'execution:failed', flowId: 'fine', condition: '$error("no")' });
    const source = await engine.get((await finish('failing')).id);
    for (const method of ['find', 'firings', 'fire'] as const) {
      const away = vi.spyOn(store, method).mockRejectedValue(new Error('away'));
      await expect(watched.fireEvent('execution:failed', source)).rejects.toThrow('away');
      away.mockRestore();
    }
    await watched.fireEvent('execution:failed', source);
    expect(await watched.firings('bad')).toMatchObject([{ error: { code: 'INPUT_RESOLUTION_ERROR' } }]);
  });
});
