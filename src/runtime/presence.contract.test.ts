import { expect, onTestFinished, test, vi } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import { deferred } from '../testing/deferred.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { unavailable } from '../world/errors.ts';
import type { Act, Store } from '../world/port.ts';
import { Presence } from './presence.ts';

const leaseMs = 1_000;

test('a worker that stood still for longer than its lease keeps what it holds, if nobody else took it', async () => {
  const { clock, store, open } = await openStalled();
  const presence = open();
  await presence.start();
  const { workerId } = presence;

  clock.advance(10 * leaseMs);
  await presence.sweep();
  expect(presence.workerId).toBe(workerId);
  expect((await store.listWorkers()).map((worker) => [worker.workerId, worker.live])).toEqual([[workerId, true]]);
});

test('a worker buries the others whose heartbeat ran out', async () => {
  const { clock, store, open } = await openStalled();
  await open().start();
  clock.advance(2 * leaseMs);
  const survivor = open();
  await survivor.start();
  expect((await store.listWorkers()).map((worker) => worker.workerId)).toEqual([survivor.workerId]);
});

test('an event loop that stood still for longer than the lease is told of, and one that did not is not', async () => {
  const clock = createFakeClock();
  const store = createSqliteStore({ path: ':memory:', clock });
  await store.open();
  onTestFinished(() => store.close());
  const [warn, beats] = [vi.fn(), [] as (() => void)[]];
  const byHand = { ...clock, after: (_: number, wake: () => void) => (beats.push(wake), () => {}) };
  const presence = new Presence({
    store,
    clock: byHand,
    logger: { ...silentLogger, warn },
    leaseMs,
    deploymentId: 'd',
    onReaped: () => {},
  });
  await presence.start();
  for (const lateMs of [leaseMs, leaseMs + 1]) {
    const [beat] = beats.splice(0);
    clock.advance(leaseMs / 3 + lateMs);
    beat?.();
    await vi.waitUntil(() => beats.length > 0);
  }

  expect(warn.mock.calls).toEqual([[expect.stringContaining('stood still for 1001 ms, longer than its lease of 1000 ms')]]);
});

test('a worker that was refused for a heartbeat that came late shows itself and keeps its name', async () => {
  const { clock, store, open } = await openStalled();
  const presence = open();
  await presence.start();
  const { workerId } = presence;
  clock.advance(2 * leaseMs);

  const proof = presence.prove(workerId);
  expect(presence.isKnown).toBe(false);
  expect([await proof, presence.isKnown, presence.workerId]).toEqual([true, true, workerId]);
  expect((await store.listWorkers()).map(({ live }) => live)).toEqual([true]);
});

// Found by the simulation of `npm run chaos` (R9, seed 1000238): it took work under the name that nobody knew.
test('a worker that was given up has its new name when the others know it, however often it has to ask', async () => {
  const clock = createFakeClock();
  const real = createSqliteStore({ path: ':memory:', clock });
  await real.open();
  onTestFinished(() => real.close());
  let refused = 0;
  let away = false;
  const store: Store = {
    ...real,
    async commit(act: Act) {
      if (away && act.kind === 'heartbeat' && act.register) {
        refused += 1;
        throw unavailable('The database is away.');
      }
      return (await real.commit(act)) as never;
    },
  };
  const presence = new Presence({ store, clock, logger: silentLogger, leaseMs, deploymentId: 'd', onReaped: () => {} });
  await presence.start();
  const { workerId } = presence;
  await real.commit({ kind: 'leave', workerId, now: clock.now() });

  away = true;
  clock.advance(leaseMs / 3);
  await vi.waitUntil(() => refused === 1);
  expect([presence.isKnown, presence.workerId]).toEqual([false, workerId]);
  away = false;
  await vi.waitUntil(() => {
    clock.advance(leaseMs / 3);
    return presence.isKnown;
  });
  expect(presence.workerId).not.toBe(workerId);
  expect((await real.listWorkers()).map((worker) => worker.workerId)).toEqual([presence.workerId]);
});

test('a worker leaves when its last beat and its last sweep are over, whichever began first', async () => {
  const clock = createFakeClock();
  const real = createSqliteStore({ path: ':memory:', clock });
  await real.open();
  onTestFinished(() => real.close());
  const [beats, timers] = [deferred(), [] as (() => void)[]];
  let holds = false;
  const store: Store = {
    ...real,
    async commit(act: Act) {
      if (holds && act.kind === 'heartbeat' && !act.register) await beats.promise;
      return (await real.commit(act)) as never;
    },
  };
  const byHand = { ...clock, after: (_: number, wake: () => void) => (timers.push(wake), () => {}) };
  const presence = new Presence({ store, clock: byHand, logger: silentLogger, leaseMs, deploymentId: 'd', onReaped: () => {} });
  await presence.start();
  // Nobody knows it any more: the beat that is under way will look for a new name.
  await real.commit({ kind: 'leave', workerId: presence.workerId, now: clock.now() });
  holds = true;
  const [beat, sweep] = timers;
  beat?.();
  sweep?.();
  const left = presence.leave().then(() => 'left');
  expect(await Promise.race([left, turns(20, 'waits')])).toBe('waits');
  beats.resolve();
  await left;
  await turns(20, '');
  expect(await real.listWorkers()).toEqual([]);
});

async function turns<T>(count: number, then: T): Promise<T> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
  return then;
}

/** Workers whose timers stand still: what they do is asked of them by hand. */
async function openStalled() {
  const clock = createFakeClock();
  const stalled = { ...clock, after: () => () => {} };
  const store = createSqliteStore({ path: ':memory:', clock });
  await store.open();
  onTestFinished(() => store.close());
  const open = () => new Presence({ store, clock: stalled, logger: silentLogger, leaseMs, deploymentId: 'd', onReaped: () => {} });
  return { clock, store, open };
}
