import type { DeliveryHandler } from '../../runtime/handlers.ts';
import type { Clock } from '../../base/clock.ts';
import type { Engine } from '../engine.ts';
import type { WorldIndex } from './world-index.ts';

/** Where the executions of flows are queued (flow.md §3). */
export const flowQueuePrefix = '__flow_wkf_workflow_';

export interface FlowWorker {
  readonly engine: Engine;
  readonly index: WorldIndex;
}

// Another process may have the handler; nobody knows when it looks.
const leaveForSeconds = 1;

/**
 * What a worker of the World calls with an execution it has leased: some steps of it, under that lease. Of several engines in one process
 * the first that has the next step's handler goes on.
 */
export function flowQueueHandler(workers: ReadonlySet<FlowWorker>, clock: Clock): DeliveryHandler {
  return async (delivery) => {
    if (delivery.of !== 'run' || delivery.runId === undefined) return undefined;
    for (const { engine, index } of workers) {
      const claim = await index.adopt(delivery.runId, delivery);
      if (!claim) return undefined;
      try {
        const { dueAt, undeliverable } = await engine.deliver(claim, { missingHandler: 'leave' });
        if (undeliverable === undefined) return dueAt === null ? undefined : { timeoutSeconds: Math.max(0, dueAt - clock.now()) / 1_000 };
      } finally {
        await claim.release();
      }
    }
    return { timeoutSeconds: leaveForSeconds };
  };
}
