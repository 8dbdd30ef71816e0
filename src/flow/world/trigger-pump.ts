import { describeError } from '../../base/logger.ts';
import type { CommitNote } from '../../world/port.ts';
import type { Engine } from '../engine.ts';
import type { StateStore } from '../ports.ts';
import { decodeSeen } from '../triggers/event.ts';
import type { Triggers } from '../triggers/triggers.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';

export interface TriggerPump {
  stop(): Promise<void>;
}

/** For what nobody told of, or where hints of other processes do not come through: with what its worker asks, less than two queries a second. */
const pollMs = 15_000;
// What others commit is seldom for triggers, and they may commit all the time. What failed is repeated as soon.
const atMostEveryMs = 2_000;
const eventsAtOnce = 100;

/**
 * Fires what is due: schedules, and events that triggers wait to hear of, which were stored with what happened, so that a crash loses none.
 * Every worker looks, each time this process stores something for triggers, soon after others commit, and when the next schedule is due; each
 * occurrence fires once, whoever is first.
 */
export function startTriggerPump(
  world: FlowWorld,
  engine: Pick<Engine, 'store'>,
  triggers: Pick<Triggers, 'fireDue' | 'fireEvent'>,
): TriggerPump {
  const { clock, logger } = world;
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;
  let lookedAt = -Infinity;
  let timerAt = Infinity;
  let cancelTimer = () => {};

  function kick(): void {
    if (stopped) return;
    if (running) again = true;
    else running = run();
  }

  function lookWithin(ms: number): void {
    const at = clock.monotonic() + Math.max(0, ms);
    if (stopped || at >= timerAt) return;
    cancelTimer();
    timerAt = at;
    cancelTimer = clock.after(at - clock.monotonic(), () => {
      timerAt = Infinity;
      kick();
    });
  }

  /** What one kind of trigger stumbles over holds up no other. */
  async function repeated<T>(fire: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fire();
    } catch (error) {
      if (!stopped) logger.error(`Firing triggers failed and will be repeated: ${describeError(error)}`);
      lookWithin(atMostEveryMs);
      return undefined;
    }
  }

  async function run(): Promise<void> {
    let next: number | undefined;
    do {
      again = false;
      lookedAt = clock.monotonic();
      await repeated(() => fireHeard(world, { store: engine.store, triggers, stopped: () => stopped }));
      next = await repeated(() => triggers.fireDue());
    } while (again && !stopped);
    running = undefined;
    lookWithin(Math.min(pollMs, (next ?? Infinity) - clock.now()));
  }

  async function listen(): Promise<readonly (() => void)[]> {
    const store = await world.open();
    const stopOwn = store.onCommit((note) => {
      if (isForTriggers(note)) kick();
    });
    const stopOthers = store.onForeignCommit(() => lookWithin(lookedAt + atMostEveryMs - clock.monotonic()));
    return [stopOwn, stopOthers];
  }

  const listening = listen().catch((): readonly (() => void)[] => []);
  kick();
  return {
    async stop() {
      stopped = true;
      cancelTimer();
      for (const stop of await listening) stop();
      await running;
    },
  };
}

/** A trigger that may be due, or something that one waits to hear of. */
function isForTriggers({ acts, outcomes }: CommitNote): boolean {
  return acts.some(({ kind }) => kind === 'saveTrigger') || outcomes.some((outcome) => outcome.kind === 'committed' && outcome.heard);
}

export interface FireHeard {
  readonly store: StateStore;
  readonly triggers: Pick<Triggers, 'fireEvent'>;
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
