import type { Engine } from '../engine.ts';
import type { Execution } from '../types.ts';
import type { Triggers } from './triggers.ts';

const events = ['started', 'waiting', 'completed', 'failed', 'cancelled'].map((name) => `execution:${name}`);

export interface Forwarding {
  /** Resolves when everything that was heard so far has fired. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Fires event triggers from the events of this process, for executions in memory. A World fires them from its own
 * transaction instead, so that a crash loses none (decisions C8).
 */
export function forwardEvents(engine: Engine, triggers: Triggers): Forwarding {
  const firing = new Set<Promise<void>>();
  const listeners = events.map((event) => {
    const forward = (execution: Execution) => {
      const work = triggers.fireEvent(event, execution).finally(() => firing.delete(work));
      firing.add(work);
      return work;
    };
    engine.on(event, forward);
    return { event, forward };
  });

  async function settled(): Promise<void> {
    while (firing.size > 0) await Promise.allSettled(firing);
  }

  return {
    settled,
    async stop() {
      for (const { event, forward } of listeners) engine.off(event, forward);
      await settled();
    },
  };
}
