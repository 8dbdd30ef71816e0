import { describeError } from '../../base/logger.ts';
import type { Engine } from '../engine.ts';
import type { Triggers } from '../triggers/triggers.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';

export interface TriggerPump {
  /** Looks at once for what is due. */
  kick(): void;
  stop(): Promise<void>;
}

const pollMs = 2_000;
const eventsAtOnce = 100;

/**
 * Fires what is due: schedules, and events that triggers wait to hear of, which were stored with what happened, so that a crash loses none.
 * Every worker looks; each occurrence fires once, whoever is first.
 */
export function startTriggerPump(world: FlowWorld, engine: Engine, triggers: Triggers): TriggerPump {
  const { clock, logger } = world;
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;
  let cancelTimer = () => {};

  function kick(): void {
    if (stopped) return;
    if (running) again = true;
    else running = run();
  }

  async function run(): Promise<void> {
    let next: number | undefined;
    do {
      again = false;
      try {
        await fireEvents();
        next = await triggers.fireDue();
      } catch (error) {
        if (!stopped) logger.error(`Firing triggers failed and will be repeated: ${describeError(error)}`);
        next = undefined;
      }
    } while (again && !stopped);
    running = undefined;
    if (stopped) return;
    cancelTimer();
    cancelTimer = clock.after(Math.min(pollMs, Math.max(0, (next ?? Infinity) - clock.now())), kick);
  }

  /** A firing that is repeated after a crash names the execution that it made before. */
  async function fireEvents(): Promise<void> {
    const flows = await flowStore(world);
    for (;;) {
      const heard = await flows.listTriggerEvents(eventsAtOnce);
      if (heard.length === 0 || stopped) return;
      for (const { event, runId } of heard) {
        const execution = await engine.store.load(runId);
        if (execution) await triggers.fireEvent(event, execution);
      }
      await flows.commit({ kind: 'triggerHeard', positions: heard.map(({ position }) => position) });
    }
  }

  kick();
  return {
    kick,
    async stop() {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}
