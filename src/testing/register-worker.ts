import type { Store } from '../world/port.ts';

/** A worker that others take for alive until its lease is over. */
export async function registerWorker(store: Store, workerId: string, leaseMs: number): Promise<void> {
  const register = { host: 'host', pid: 1, deploymentId: 'dpl_1', startedAt: store.now() };
  await store.commit({ kind: 'heartbeat', workerId, leaseMs, register });
}
