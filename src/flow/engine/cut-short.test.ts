import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import type { ExecutionIndex } from '../execution-index.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { MemoryResumeTokens } from '../memory/memory-resume-tokens.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import type { ResumeTokenManager, StateStore } from '../ports.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { spy } from '../testing/handlers.ts';

const child = buildFlow({ work: {} }, { id: 'child' });
const parent = buildFlow({ both: { type: 'subflow', config: { flowId: 'child' } } }, { id: 'parent' });

function setUp(
  change: (store: MemoryStateStore, tokens: ResumeTokenManager) => { store?: StateStore; tokens?: ResumeTokenManager } = () => ({}),
) {
  const clock = createFakeClock();
  const memory = new MemoryStateStore({ clock });
  const real = new MemoryResumeTokens({ clock });
  const { store = memory, tokens = real } = change(memory, real);
  const work = spy('work', Result.success('done'));
  const ask = spy('ask', async ({ tokens: given, execution }) => Result.wait({ token: await given.create(execution.id) }));
  const flows = createFlowRegistry([child, parent, buildFlow({ ask: {} }, { id: 'asking' })]);
  const engine = new Engine(store, createHandlerRegistry([...builtinHandlers(), work, ask]), flows, { clock, tokens });
  const deliver = async (id: string) => {
    const claim = await engine.claim(id);
    if (!claim) throw new Error(`${id} is claimed.`);
    try {
      return await engine.deliver(claim);
    } finally {
      await claim.release();
    }
  };
  const deliverChild = async () => {
    const { ids } = await memory.index.due({ now: clock.now(), limit: 10 });
    for (const id of ids) await deliver(id);
  };
  return { engine, clock, deliver, deliverChild, ask };
}

/** Fails the first call of one method, as a store does that is away for a moment. */
function awayOnce<T extends object>(target: T, method: keyof T): T {
  let calls = 0;
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (name !== method || (calls += 1) > 1) return (value as (...given: unknown[]) => unknown).apply(target, args);
        return Promise.reject(new Error('The store is away.'));
      };
    },
  });
}

describe('a delivery that is cut short', () => {
  it('says that an execution which its children woke is due, where the engine shuts down before it looks', async () => {
    const { engine, clock, deliver, deliverChild } = setUp();
    const { execution } = await engine.create('parent');
    await deliver(execution.id);
    await deliverChild();
    engine.drain(1_000);
    expect(await deliver(execution.id)).toMatchObject({ execution: { status: 'waiting' }, dueAt: clock.now() });
  });

  it('says that a wait for children which nobody woke is not due', async () => {
    const { engine, deliver } = setUp();
    const { execution } = await engine.create('parent');
    expect(await deliver(execution.id)).toMatchObject({ execution: { status: 'waiting' }, dueAt: null });
  });

  it('is made again where the store could not give a handler its token, and costs the step no attempt', async () => {
    const { engine, deliver, ask } = setUp((_, tokens) => ({ tokens: awayOnce(tokens, 'create') }));
    const { execution } = await engine.create('asking');
    await expect(deliver(execution.id)).rejects.toThrow('The store is away.');
    expect(await deliver(execution.id)).toMatchObject({ execution: { status: 'waiting', attempt: { attempt: 1 } } });
    expect(ask.calls.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it('is made again where the store could not give a handler the results of its children', async () => {
    const index = (store: MemoryStateStore): ExecutionIndex => awayOnce<ExecutionIndex>(store.index, 'results');
    const { engine, deliver, deliverChild } = setUp((memory) => {
      const own = index(memory);
      return { store: new Proxy(memory, { get: (_, name) => (name === 'index' ? own : bound(memory, name)) }) };
    });
    const { execution } = await engine.create('parent');
    await deliver(execution.id);
    await deliverChild();
    await expect(deliver(execution.id)).rejects.toThrow('The store is away.');
    expect(await deliver(execution.id)).toMatchObject({ execution: { status: 'completed' } });
  });
});

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}
