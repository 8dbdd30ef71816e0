import { describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { driveDue } from '../local-worker.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import type { StateStore } from '../ports.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { mapHandler } from './map.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

/** What a run asks of its store: calls, and rows that come back. */
async function costOf(items: number) {
  const clock = createFakeClock();
  const memory = new MemoryStateStore({ clock });
  const cost = { commits: 0, tallies: 0, rows: 0, historyOfParent: 0 };
  const index = Object.assign(Object.create(memory.index) as typeof memory.index, {
    commit: (commit: Parameters<typeof memory.index.commit>[0]) => ((cost.commits += 1), memory.index.commit(commit)),
    tally: (id: string, group: string) => ((cost.tallies += 1), memory.index.tally(id, group)),
    async results(...args: Parameters<typeof memory.index.results>) {
      const page = await memory.index.results(...args);
      cost.rows += page.length;
      return page;
    },
    read: (id: string) => memory.index.read(id),
    claim: (id: string, options: { owner: string }) => memory.index.claim(id, options),
    due: (options: { now: number; limit: number }) => memory.index.due(options),
  });
  const store = { index, findByIdempotencyKey: async () => null } as unknown as StateStore;
  const work = { type: 'work', execute: async () => Result.success(1) };
  const flow = buildFlow({
    each: {
      type: 'map',
      config: { startStepId: 'work', concurrency: 20 },
      input: { type: 'key', key: 'items' },
      outputKey: 'out',
    },
    work: {},
  });
  const engine = new Engine(store, createHandlerRegistry([mapHandler, work]), createFlowRegistry([flow]), { clock });
  const { execution } = await engine.create('flow', { items: Array.from({ length: items }, (_, n) => n) });
  await driveDue(engine, clock, { concurrency: 20 });
  const done = await engine.get(execution.id);
  expect((done.context.out as unknown[]).length).toBe(items);
  return { ...cost, historyOfParent: done.history.length };
}

describe('the cost of a map', () => {
  it('grows with its items and no faster', async () => {
    const [small, large] = [await costOf(200), await costOf(2_000)];
    expect(large.commits).toBeLessThanOrEqual(small.commits * 10.5);
    expect(large.tallies).toBeLessThanOrEqual(small.tallies * 10.5);
    expect([small.rows, large.rows]).toEqual([200, 2_000]);
    expect(large.historyOfParent).toBe(2);
    // One for each start of an item with its step, one for its end, and one for each window of the parent.
    expect(large.commits).toBeLessThanOrEqual(2_000 * 2.25);
  });
});
