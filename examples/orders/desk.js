import { setTimeout as delay } from 'node:timers/promises';
import { getRun, resumeHook, start } from 'workflow/api';
import { getWorld } from 'workflow/runtime';

const fulfilOrder = { workflowId: 'workflow//./workflows/fulfil-order//fulfilOrder' };
const arrivalMs = 150;
const longestArrivalMs = 6000;

/**
 * The desk that takes the orders in: a client of the World, in another process than the worker.
 * It starts a run for every order, passes on what the runs write to their streams, and plays the
 * warehouse that answers their hooks. It goes on while no worker is alive.
 */
export function openDesk({ orders, onProgress, signal }) {
  const runIds = new Map();
  const readers = new Set();
  const packed = new Set();
  let progressCount = 0;

  async function takeOrders() {
    const pause = Math.min(arrivalMs, longestArrivalMs / orders.length);
    for (const order of orders) {
      if (signal.aborted) return;
      const run = await start(fulfilOrder, [order]);
      runIds.set(run.runId, order);
      void follow(run.runId, order);
      await delay(pause);
    }
  }

  /** Reads a run's progress log live, until its last step closes it or the desk does. */
  async function follow(runId, order) {
    const reader = getRun(runId).getReadable().getReader();
    readers.add(reader);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        progressCount += 1;
        onProgress(order, value);
        if (value.stage === 'packing') void packParcel(order);
      }
    } catch (error) {
      if (!signal.aborted) onProgress(order, { stage: 'log lost', text: error.message });
    } finally {
      readers.delete(reader);
    }
  }

  /** The warehouse packs an order once, also if a worker that was killed half way asks a second time. */
  async function packParcel(order) {
    if (packed.has(order.id)) return;
    packed.add(order.id);
    await delay(200 + Math.random() * 500);
    if (signal.aborted) return;
    const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0);
    try {
      await resumeHook(`parcel:${order.id}`, { packedBy: `desk ${1 + (pieces % 4)}`, weightGrams: 120 + 340 * pieces });
    } catch (error) {
      onProgress(order, { stage: 'unpacked', text: `the warehouse could not answer: ${error.message}` });
    }
  }

  return {
    takeOrders,
    /** How many lines the runs have written so far: as long as it grows, things move. */
    progressCount: () => progressCount,
    /** The runs of the orders taken so far, each with its order. */
    async runs() {
      const found = await listRuns();
      return found.filter((run) => runIds.has(run.runId)).map((run) => ({ run, order: runIds.get(run.runId) }));
    },
    async receiptOf(runId) {
      return await getRun(runId).returnValue;
    },
    async close() {
      await Promise.allSettled([...readers].map((reader) => reader.cancel()));
    },
  };
}

async function listRuns() {
  const runs = [];
  let cursor;
  do {
    const page = await getWorld().runs.list({ resolveData: 'none', pagination: { limit: 1000, cursor } });
    runs.push(...page.data);
    cursor = page.hasMore ? page.cursor : undefined;
  } while (cursor);
  return runs;
}
