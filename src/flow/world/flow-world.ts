import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HeartbeatThread } from '../../runtime/heartbeat-thread.ts';
import type { Dispatcher } from '../../world/delivery.ts';
import type { FlowStore } from '../../world/flow-port.ts';
import type { Store } from '../../world/port.ts';

/** What flows need of the World they live in. */
export interface FlowWorld {
  open(): Store | Promise<Store>;
  /** The workers of this process, if there are any. */
  dispatcher(): Dispatcher;
  /** An execution is due, and nobody was at hand to begin with it. */
  executionLeft(): void;
  /** That of the database once it is open: executions go from host to host, and their instants with them. */
  readonly clock: Clock;
  /** What beats on for owners that are no workers while the event loop stands still; undefined where there is no such thing. */
  readonly heartbeats?: HeartbeatThread | undefined;
  /** The same object for all Worlds of one database in this process. */
  readonly shared: object;
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
