import { flowQueueHandler, flowQueuePrefix, type FlowWorker } from '../flow/world/deliver-flow.ts';
import type { FlowWorld } from '../flow/world/flow-world.ts';
import type { Host } from '../runtime/host.ts';
import type { DeliveryHandler } from '../runtime/handlers.ts';

interface Crew {
  readonly workers: Set<FlowWorker>;
  readonly handler: DeliveryHandler;
}

const crews = new WeakMap<Host, Crew>();

/** From now on the workers of this process give executions to this engine, among others. The returned function takes it out again. */
export function joinFlowWorkers(host: Host, worker: FlowWorker, world: Pick<FlowWorld, 'clock' | 'logger'>): () => void {
  const crew = crews.get(host) ?? newCrew(world);
  crews.set(host, crew);
  crew.workers.add(worker);
  host.handlers.registerOwn(flowQueuePrefix, crew.handler);
  const stopListening = host.onDrain((graceMs) => worker.engine.drain(graceMs));
  return () => {
    stopListening();
    crew.workers.delete(worker);
    if (crew.workers.size === 0) host.handlers.unregisterOwn(flowQueuePrefix, crew.handler);
  };
}

function newCrew(world: Pick<FlowWorld, 'clock' | 'logger'>): Crew {
  const workers = new Set<FlowWorker>();
  return { workers, handler: flowQueueHandler(workers, world) };
}
