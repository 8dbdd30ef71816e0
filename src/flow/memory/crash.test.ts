import { describe, expect, it, vi } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import type { ExecutionIndex } from '../execution-index.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { builtinHandlers } from '../handlers/builtin-handlers.ts';
import { driveDue } from '../local-worker.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { spy } from '../testing/handlers.ts';
import type { StateStore } from '../ports.ts';
import { MemoryStateStore } from './memory-state-store.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

type Moment = 'before the commit' | 'after the commit';

/** A store as a process sees it that dies at its n-th commit: from then on nothing answers. */
function dyingStore(store: MemoryStateStore, n: number, moment: Moment, died: () => void): StateStore {
  let commits = 0;
  let dead = false;
  const never = new Promise<never>(() => {});
  const alive =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      dead ? never : call(...args);
  const index: ExecutionIndex = {
    read: alive((id) => store.index.read(id)),
    claim: alive((id, options) => store.index.claim(id, options)),
    due: alive((options) => store.index.due(options)),
    tally: alive((id, group) => store.index.tally(id, group)),
    results: alive((id, group, page) => store.index.results(id, group, page)),
    settleChild: alive((result) => store.index.settleChild(result)),
    commit: alive(async (commit) => {
      commits += 1;
      if (commits !== n) return store.index.commit(commit);
      dead = true;
      if (moment === 'after the commit') await store.index.commit(commit);
      died();
      return never;
    }),
  };
  return {
    index,
    save: alive((execution) => store.save(execution)),
    load: alive((id) => store.load(id)),
    delete: alive((id) => store.delete(id)),
    findByIdempotencyKey: alive((key, scope) => store.findByIdempotencyKey(key, scope)),
  };
}

const flow = buildFlow({
  begin: { onSuccess: 'nap', outputKey: 'begun' },
  nap: { type: 'delay', config: { duration: 50 }, onSuccess: 'flaky' },
  flaky: { retries: { maxAttempts: 1, initialDelay: 10 }, onSuccess: 'each' },
  each: {
    type: 'map',
    config: { startStepId: 'item', concurrency: 2 },
    input: { type: 'key', key: 'items' },
    outputKey: 'out',
    onSuccess: 'end',
  },
  item: {},
  end: {},
});

describe('rule 11: killed at any instant, an execution continues on another worker', () => {
  const handlers = (calls: string[]) => [
    ...builtinHandlers(),
    spy('begin', ({ idempotencyKey }) => (calls.push(idempotencyKey), Result.success(true))),
    spy('flaky', ({ attempt }) => (attempt === 1 ? Result.failure({ code: 'X', message: 'x' }) : Result.success())),
    spy('item', ({ context }) => (calls.push(`item ${String(context.index)}`), Result.success(context.item))),
    spy('end', Result.success()),
  ];

  async function runWithDeath(n: number, moment: Moment) {
    const clock = createFakeClock();
    const store = new MemoryStateStore({ clock });
    const calls: string[] = [];
    let died = () => {};
    const death = new Promise<'died'>((resolve) => {
      died = () => resolve('died');
    });
    const open = (on: StateStore, owner: string) =>
      new Engine(on, createHandlerRegistry(handlers(calls)), createFlowRegistry([flow]), { clock, owner });
    const survivor = open(store, 'survivor');
    const { id } = (await survivor.create('flow', { items: ['a', 'b', 'c'] })).execution;
    const dying = open(dyingStore(store, n, moment, died), 'dying');
    const deaths = (await Promise.race([driveToEnd(dying, clock), death])) === 'died' ? 1 : 0;
    store.abandonClaims('dying');
    await driveToEnd(survivor, clock);
    return { execution: await survivor.get(id), calls, deaths };
  }

  async function driveToEnd(engine: Engine, clock: FakeClock): Promise<void> {
    for (let next = await driveDue(engine, clock); next !== undefined; next = await driveDue(engine, clock)) {
      clock.advance(next - clock.now());
    }
  }

  it.each<Moment>(['before the commit', 'after the commit'])('%s, whichever it is', async (moment) => {
    for (let n = 1; ; n += 1) {
      const { execution, calls, deaths } = await runWithDeath(n, moment);
      expect(execution, `death ${n}`).toMatchObject({
        status: 'completed',
        context: { begun: true, out: ['a', 'b', 'c'] },
      });
      expect(execution.history.map(({ stepId, status }) => `${stepId} ${status}`)).toEqual([
        'begin success',
        'nap wait',
        'nap success',
        'flaky failure',
        'flaky success',
        'each wait',
        'each success',
        'end success',
      ]);
      // Only what was in progress and not recorded yet is called once more: one visit, or the two items of a window.
      expect(calls.length - new Set(calls).size).toBeLessThanOrEqual(deaths * 2);
      if (deaths === 0) return expect(n).toBeGreaterThan(15);
    }
  });
});
