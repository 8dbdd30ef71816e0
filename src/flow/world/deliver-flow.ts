import type { DeliveryHandler } from '../../runtime/handlers.ts';
import type { Engine } from '../engine.ts';
import type { Execution } from '../types.ts';
import type { FlowWorld } from './flow-world.ts';
import { MissingHandlers } from './missing-handlers.ts';
import type { WorldIndex } from './world-index.ts';

/** Where the executions of flows are queued (flow.md §3). */
export const flowQueuePrefix = '__flow_wkf_workflow_';

export interface FlowWorker {
  readonly engine: Engine;
  readonly index: WorldIndex;
}

/**
 * What a worker of the World calls with an execution it has leased: some steps of it, under that lease. Of several engines in one process
 * the first that has the next step's handler goes on.
 */
export function flowQueueHandler(
  workers: ReadonlySet<FlowWorker>,
  { clock, logger }: Pick<FlowWorld, 'clock' | 'logger'>,
): DeliveryHandler {
  const missing = new MissingHandlers(logger);
  return async (delivery) => {
    if (delivery.of !== 'run' || delivery.runId === undefined) return undefined;
    let left: { readonly execution: Execution; readonly type: string } | undefined;
    for (const { engine, index } of workers) {
      const claim = await index.adopt(delivery.runId, delivery);
      if (!claim) return undefined;
      try {
        const { execution, dueAt, undeliverable } = await engine.deliver(claim, { missingHandler: 'leave' });
        if (undeliverable === undefined) {
          missing.found(delivery.runId);
          return dueAt === null ? undefined : { timeoutSeconds: Math.max(0, dueAt - clock.now()) / 1_000 };
        }
        left = { execution, type: undeliverable };
      } finally {
        await claim.release();
      }
    }
    return { timeoutSeconds: left ? missing.leave(left.execution, left.type) / 1_000 : 1 };
  };
}
