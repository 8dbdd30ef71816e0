import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type StoreName, storeNames } from '../../test/support/any-store.ts';
import { openPostgresStore } from '../../test/support/postgres-store.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createSqliteStore } from '../sqlite/store.ts';
import type { Store } from '../world/port.ts';
import type { ThreadBeat } from '../world/thread-beat.ts';
import { HeartbeatThread } from './heartbeat-thread.ts';

const leaseMs = 1_000;
const workerId = 'wkr_still';

test.for(storeNames)('a worker lives while its event loop stands still, on %s', async (name) => {
  const store = await openWorker(name, 30 * leaseMs);

  standStill(2.5 * leaseMs);
  expect(await livingOf(store)).toEqual([workerId]);
});

test.for(storeNames)('a worker whose event loop does not come back is dead in the end, on %s', async (name) => {
  const store = await openWorker(name, leaseMs);

  standStill(4 * leaseMs);
  expect(await livingOf(store)).toEqual([]);
});

test('a worker that was forgotten dies, and another one does not', async () => {
  const store = await openWorker('SQLite', 30 * leaseMs, (thread) => {
    thread.heard('wkr_other');
    thread.forget(workerId);
  });
  await beat(store, 'wkr_other');

  standStill(2.5 * leaseMs);
  expect(await livingOf(store)).toEqual(['wkr_other']);
});

test('a thread that is closed in the middle of a beat takes nobody with it', async () => {
  const store = await openStore('SQLite');
  const shortLeaseMs = 60;
  for (let round = 0; round < 25; round += 1) {
    const thread = new HeartbeatThread({
      beat: store.threadBeat as ThreadBeat,
      clock: systemClock,
      leaseMs: shortLeaseMs,
      logger: silentLogger,
    });
    thread.heard(workerId);
    // About when it loads its driver, connects and beats for the first time.
    await new Promise((resolve) => setTimeout(resolve, shortLeaseMs + ((round * 7) % 50)));
    await thread.close();
  }
});

const here = import.meta.url;
const beatless: [string, ThreadBeat][] = [
  ['the store’s module was left out', { module: new URL('./left-out.js', here).href, options: {} }],
  ['it cannot be given what it needs', { module: here, options: { uncloneable: () => {} } }],
];
test.for(beatless)('where no thread can be made, for %s, it is said once, and all goes on without', async ([, missing]) => {
  const warn = vi.fn();
  const thread = new HeartbeatThread({ beat: missing, clock: systemClock, leaseMs, logger: { ...silentLogger, warn } });
  thread.heard(workerId);
  thread.heard(workerId);
  await thread.close();

  expect(warn.mock.calls).toEqual([[expect.stringContaining('loses its lease, for there is no thread')]]);
});

/** A worker that the store knows, with a thread that watches it. */
async function openWorker(name: StoreName, patienceMs: number, after = (_thread: HeartbeatThread) => {}): Promise<Store> {
  const store = await openStore(name);
  await beat(store, workerId);
  const thread = new HeartbeatThread({
    beat: store.threadBeat as ThreadBeat,
    clock: systemClock,
    leaseMs,
    logger: silentLogger,
    patienceMs,
  });
  onTestFinished(() => thread.close());
  thread.heard(workerId);
  after(thread);
  return store;
}

async function openStore(name: StoreName): Promise<Store> {
  if (name === 'PostgreSQL') {
    const { store, close } = await openPostgresStore(systemClock);
    onTestFinished(close);
    return store;
  }
  const store = createSqliteStore({ path: join(await scratchFolder(), 'pawl.db'), clock: systemClock });
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

async function beat(store: Store, id: string): Promise<void> {
  await store.commit({
    kind: 'heartbeat',
    workerId: id,
    leaseMs,
    register: { host: 'h', pid: 1, deploymentId: 'd', startedAt: store.now() },
  });
}

/** As a replay or a step that computes does: no timer fires and no answer is read meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function livingOf(store: Store): Promise<string[]> {
  return (await store.listWorkers()).filter(({ live }) => live).map(({ workerId: id }) => id);
}
