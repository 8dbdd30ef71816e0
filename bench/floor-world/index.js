import { applyEvent } from './apply-event.js';
import { createDeliveries } from './deliveries.js';
import { createReads } from './reads.js';
import { createRuns } from './runs.js';
import { createStreams } from './streams.js';

const shared = Symbol.for('pawl/bench/floor-world');

/**
 * The floor: a World that keeps everything in memory, writes nothing and calls its handlers
 * directly. It obeys the rules a run depends on and no more, so what a workflow costs on it is
 * what the SDK itself costs when it replays as often as it is asked to.
 */
export function createWorld() {
  // The SDK makes two instances in one process: one catches the handlers, the other queues.
  return (globalThis[shared] ??= assemble());
}

function assemble() {
  const runs = createRuns();
  const deliveries = createDeliveries(runs);
  const reads = createReads(runs);
  return {
    specVersion: 3,
    streamFlushIntervalMs: 0,
    start: async () => {},
    close: async () => deliveries.close(),
    getDeploymentId: async () => 'floor',
    queue: deliveries.queue,
    createQueueHandler: deliveries.createQueueHandler,
    ...createStreams(),
    ...reads,
    events: {
      ...reads.events,
      create: async (runId, data, params) => applyEvent(runs, runId, data, params ?? {}),
    },
  };
}
