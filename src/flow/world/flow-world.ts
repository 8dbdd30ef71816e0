import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Dispatcher } from '../../world/delivery.ts';
import type { FlowStore } from '../../world/flow-port.ts';
import type { Store } from '../../world/port.ts';

/** What flows need of the World they live in. */
export interface FlowWorld {
  open(): Store | Promise<Store>;
  /** The workers of this process, if there are any. */
  dispatcher(): Dispatcher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deploymentId: string;
  /** The namespace of runs of code. */
  readonly namespace: string;
  /** Milliseconds without a heartbeat until what an engine holds is given to others. */
  readonly leaseMs: number;
}

export function flowStore(world: FlowWorld): FlowStore | Promise<FlowStore> {
  const store = world.open();
  return store instanceof Promise ? store.then(({ flows }) => flows) : store.flows;
}

export { flowNamespace } from '../../world/flow-port.ts';

export function workflowNameOf({ flowId, flowVersion }: { readonly flowId: string; readonly flowVersion: string }): string {
  return `flow//${flowId}@${flowVersion}`;
}
