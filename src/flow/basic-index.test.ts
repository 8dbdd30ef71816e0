import { describe, expect, it } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { Engine } from './engine.ts';
import { createFlowRegistry } from './flow-registry.ts';
import { createHandlerRegistry } from './handler-registry.ts';
import { builtinHandlers } from './handlers/builtin-handlers.ts';
import { MemoryStateStore } from './memory/memory-state-store.ts';
import type { ResumeTokenManager, StateStore } from './ports.ts';
import { Result } from './result.ts';
import { buildFlow } from './testing/build-flow.ts';
import { testStateStore } from './testing/contract/state-store.ts';
import { createGate, spy } from './testing/handlers.ts';
import { newToken } from './token.ts';
import type { Execution, Flow, StepHandler } from './types.ts';

/** What a user brings who read only the seed page. */
function fourMethods(clock: Clock): StateStore {
  const store = new MemoryStateStore({ clock });
  return {
    save: (execution) => store.save(execution),
    load: (id) => store.load(id),
    delete: (id) => store.delete(id),
    findByIdempotencyKey: (key, scope) => store.findByIdempotencyKey(key, scope),
  };
}

/** And the three methods of a token manager, slow as a network. */
function threeMethods(): ResumeTokenManager {
  const tokens = new Map<string, string>();
  const later = () => new Promise((resolve) => setImmediate(resolve));
  return {
    async create(executionId) {
      const token = newToken();
      tokens.set(token, executionId);
      return token;
    },
    async validate(token) {
      const found = tokens.get(token) ?? null;
      await later();
      return found;
    },
    async revoke(token) {
      await later();
      tokens.delete(token);
    },
  };
}

testStateStore('four methods', ({ clock }) => ({ store: fourMethods(clock) }));

describe('an engine over a store with four methods', () => {
  const clock = createFakeClock();
  const open = (flows: Flow | Flow[], handlers: StepHandler[] = [], store = fourMethods(clock), tokens?: ResumeTokenManager) =>
    new Engine(store, createHandlerRegistry([...builtinHandlers(), ...handlers]), createFlowRegistry([flows].flat()), {
      clock,
      ...(tokens ? { tokens } : {}),
    });

  it('creates, runs, waits, resumes and cancels', async () => {
    const flow = buildFlow({ a: { outputKey: 'a', onSuccess: 'b' }, b: { onResume: 'c' }, c: {} });
    const engine = open(flow, [spy('a', Result.success(1)), spy('b', Result.wait({})), spy('c', Result.success())]);
    const { execution } = await engine.create('flow');
    expect(await engine.run(execution.id)).toMatchObject({
      status: 'waiting',
      stepResults: [{ stepId: 'a' }, { stepId: 'b' }],
    });
    await engine.resume(execution.id, 'go');
    expect(await engine.step(execution.id)).toMatchObject({ stepId: 'c', executionStatus: 'completed' });
    expect(await engine.get(execution.id)).toMatchObject({
      context: { a: 1, resumeData: 'go' },
      history: { length: 3 },
    });
    const other = await engine.create('flow');
    expect((await engine.cancel(other.execution.id)).cancelled).toBe(true);
  });

  it('lets a token in once, also with a manager that cannot consume', async () => {
    let token = '';
    const asks = spy('a', async ({ tokens, execution }) => Result.wait({ token: (token = await tokens.create(execution.id)) }));
    const flow = buildFlow({ a: { onResume: 'b' }, b: { onResume: null } });
    const engine = open(flow, [asks, spy('b', Result.wait({}))], fourMethods(clock), threeMethods());
    const { execution } = await engine.create('flow');
    await engine.run(execution.id);
    const settled = await Promise.allSettled(Array.from({ length: 50 }, () => engine.resume({ token })));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await engine.run(execution.id)).status).toBe('waiting');
  });

  it('makes one execution of many creates with one key', async () => {
    const engine = open(buildFlow({ a: { type: 'log' } }));
    const creates = Array.from({ length: 20 }, () => engine.create('flow', {}, { idempotencyKey: 'k' }));
    expect(new Set((await Promise.all(creates)).map(({ execution }) => execution.id)).size).toBe(1);
  });

  it('discards what a handler brings after a cancel', async () => {
    const gate = createGate();
    const store = fourMethods(clock);
    const flow = buildFlow({ a: { outputKey: 'out' } });
    const engine = open(flow, [spy('a', () => gate.pass().then(() => Result.success('late')))], store);
    const other = open(flow, [], store);
    const { execution } = await engine.create('flow');
    const running = engine.run(execution.id);
    await gate.reached;
    await other.cancel(execution.id, { source: 'admin' });
    gate.open();
    expect((await running).status).toBe('cancelled');
    expect((await engine.get(execution.id)).context).toEqual({});
  });

  it('counts each call because of children, for nobody knows who held the execution before', async () => {
    const store = fourMethods(clock);
    const flows = [buildFlow({ parent: {} }), buildFlow({ work: {} }, { id: 'child' })];
    const spawn = [{ kind: 'flow' as const, flowId: 'child', context: {} }];
    const worker = (answer: () => unknown) => {
      const parent = spy('parent', ({ resumed }) => (resumed ? answer() : Result.wait({ spawn })));
      return open(flows, [parent, spy('work', Result.success())], store);
    };
    const living = worker(() => Result.success());
    const created: string[] = [];
    living.on<Execution>('execution:created', ({ id }) => created.push(id));
    const { execution } = await living.create('flow');
    await living.run(execution.id);
    await living.run(created[1] as string);
    for (let deaths = 0; deaths < 10; deaths += 1) {
      const gate = createGate();
      void worker(() => gate.pass()).run(execution.id);
      await gate.reached;
    }
    expect(await living.run(execution.id)).toMatchObject({ status: 'failed', error: { code: 'MAX_DELIVERIES' } });
  });

  it('runs children when the caller drives them, and cancels them by the ids in their parent', async () => {
    const flows = [
      buildFlow({ sub: { type: 'subflow', config: { flowId: 'child' }, outputKey: 'got' } }),
      buildFlow({ work: { outputKey: 'x' } }, { id: 'child' }),
    ];
    let answer = Result.success(5);
    const engine = open(flows, [spy('work', () => answer)]);
    const begin = async () => {
      const children: string[] = [];
      const remember = ({ id, parentExecutionId }: Execution) => void (parentExecutionId && children.push(id));
      engine.on('execution:created', remember);
      const { execution } = await engine.create('flow');
      await engine.run(execution.id);
      engine.off('execution:created', remember);
      return { id: execution.id, child: children[0] as string };
    };
    const first = await begin();
    await engine.run(first.child);
    expect(await engine.run(first.id)).toMatchObject({ status: 'completed', output: { got: { x: 5 } } });
    answer = Result.wait({});
    const second = await begin();
    await engine.run(second.child);
    await engine.cancel(second.id);
    expect(await engine.get(second.child)).toMatchObject({ status: 'cancelled', cancellation: { source: 'parent' } });
  });
});
