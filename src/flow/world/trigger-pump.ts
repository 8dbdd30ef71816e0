import { describeError } from '../../base/logger.ts';
import type { Engine } from '../engine.ts';
import type { StateStore } from '../ports.ts';
import { decodeSeen } from '../triggers/event.ts';
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

  /** What one kind of trigger stumbles over holds up no other. */
  async function repeated<T>(fire: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fire();
    } catch (error) {
      if (!stopped) logger.error(`Firing triggers failed and will be repeated: ${describeError(error)}`);
      return undefined;
    }
  }

  async function run(): Promise<void> {
    let next: number | undefined;
    do {
      again = false;
      await repeated(() => fireHeard(world, { store: engine.store, triggers, stopped: () => stopped }));
      next = await repeated(() => triggers.fireDue());
    } while (again && !stopped);
    running = undefined;
    if (stopped) return;
    cancelTimer();
    cancelTimer = clock.after(Math.min(pollMs, Math.max(0, (next ?? Infinity) - clock.now())), kick);
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

export interface FireHeard {
  readonly store: StateStore;
  readonly triggers: Triggers;
  readonly stopped?: () => boolean;
}

/**
 * Fires the event triggers of all that was stored for them, with the execution as it was then. What two workers do at once, or one again after a crash, names the execution
 * that was made before: the trigger, the event and the execution it is about are its idempotency key.
 */
export async function fireHeard(world: FlowWorld, { store, triggers, stopped = () => false }: FireHeard): Promise<void> {
  const flows = await flowStore(world);
  for (;;) {
    const heard = await flows.listTriggerEvents(eventsAtOnce);
    if (heard.length === 0 || stopped()) return;
    const told: number[] = [];
    try {
      for (const { event, runId, seen, position } of heard) {
        const execution = seen === null ? await store.load(runId) : decodeSeen(seen);
        if (execution) await triggers.fireEvent(event, execution);
        told.push(position);
      }
    } finally {
      // What has been told before one that could not be is not told again with it.
      if (told.length > 0) await flows.commit({ kind: 'triggerHeard', positions: told });
    }
  }
}
