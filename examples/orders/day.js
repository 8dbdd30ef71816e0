import { setTimeout as delay } from 'node:timers/promises';
import { readCharges } from './ledger.js';

const stalledAfterMs = 60_000;

/**
 * One day at the shop: orders come in, a worker works them off, half way it is killed and another
 * one takes over. Answers when every run has ended, with the moment of the kill.
 */
export async function runDay({ orders, desk, workforce, ledger, view, signal }) {
  const first = await workforce.hire();
  view.note(`worker ${first.number} is at work (pid ${first.pid})`);
  const ended = new AbortController();
  const [killedAt] = await Promise.all([
    killHalfWay({ orders, workforce, ledger, view, signal: AbortSignal.any([signal, ended.signal]) }),
    workOff({ orders, desk, workforce, signal }).finally(() => ended.abort()),
  ]);
  return { killedAt };
}

async function workOff({ orders, desk, workforce, signal }) {
  await Promise.race([desk.takeOrders(), workforce.failure]);
  let before = '';
  let movedAt = Date.now();
  while (!signal.aborted) {
    const runs = await desk.runs();
    if (runs.length === orders.length && runs.every(({ run }) => run.completedAt)) return;
    const now = `${desk.progressCount()} ${runs.filter(({ run }) => run.completedAt).length}`;
    if (now !== before) movedAt = Date.now();
    before = now;
    if (Date.now() - movedAt > stalledAfterMs) throw new Error('Nothing has moved for a minute; the logs of the workers may tell why.');
    await Promise.race([delay(100), workforce.failure]);
  }
}

/** Waits for the ledger to hold half of the charges: then some have just been made and not been recorded. */
async function killHalfWay({ orders, workforce, ledger, view, signal }) {
  while (readCharges(ledger).size * 2 < orders.length) {
    if (signal.aborted) return undefined;
    await delay(10);
  }
  const killedAt = new Date();
  await workforce.kill();
  view.note(`the worker was killed with SIGKILL, half way: ${readCharges(ledger).size} of ${orders.length} orders are charged`);
  const next = await workforce.hire();
  view.note(`worker ${next.number} is at work (pid ${next.pid})`);
  return killedAt;
}
