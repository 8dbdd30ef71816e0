import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { CommitNote, Store } from '../../world/port.ts';
import type { Engine } from '../engine.ts';
import type { FlowWorld } from './flow-world.ts';
import { startTriggerPump } from './trigger-pump.ts';

/** A store with nothing for triggers in it, and what its pump asks it. */
interface Idle {
  readonly clock: FakeClock;
  /** How often it was asked for events, and for schedules. */
  readonly asked: { events: number; schedules: number };
  nextFireAt?: number;
  fails: boolean;
  ownCommit(note: Pick<CommitNote, 'acts' | 'outcomes'>): void;
  othersCommit(): void;
  /** Lets time pass, a second at a time, and what is asked be answered. */
  pass(ms: number): Promise<void>;
}

describe('the pump of triggers', () => {
  let store: Idle;

  beforeEach(async () => {
    store = startOnIdleStore();
    await store.pass(0);
    expect(store.asked).toEqual({ events: 1, schedules: 1 });
  });

  it('asks eight times a minute where nothing happens', async () => {
    await store.pass(14_000);
    expect(store.asked).toEqual({ events: 1, schedules: 1 });
    await store.pass(46_000);
    expect(store.asked).toEqual({ events: 5, schedules: 5 });
  });

  it('looks when the next schedule is due', async () => {
    store.nextFireAt = store.clock.now() + 20_000;
    await store.pass(15_000);
    expect(store.asked.schedules).toBe(2);
    await store.pass(5_000);
    expect(store.asked.schedules).toBe(3);
  });

  it('looks at once when this process stores a trigger, or what one waits to hear of', async () => {
    store.ownCommit({ acts: [{ kind: 'saveTrigger', row: {} as never }], outcomes: [{ kind: 'saved', held: true }] });
    await store.pass(0);
    expect(store.asked.schedules).toBe(2);
    const committed = { kind: 'committed', taken: undefined, cancelledChildren: [], wokeParent: false } as const;
    store.ownCommit({ acts: [], outcomes: [{ ...committed, heard: true }] });
    await store.pass(0);
    expect(store.asked.events).toBe(3);
    store.ownCommit({ acts: [{ kind: 'leave', workerId: 'wkr_1', now: 0 }], outcomes: [{ kind: 'left' }, { ...committed, heard: false }] });
    await store.pass(0);
    expect(store.asked).toEqual({ events: 3, schedules: 3 });
  });

  it('looks within two seconds when another process commits, and not more often while it goes on to', async () => {
    await store.pass(5_000);
    store.othersCommit();
    await store.pass(0);
    expect(store.asked.events).toBe(2);
    for (let second = 0; second < 10; second += 1) {
      store.othersCommit();
      await store.pass(1_000);
    }
    expect(store.asked.events).toBe(7);
  });

  it('looks again in two seconds when it failed', async () => {
    await store.pass(14_000);
    store.fails = true;
    await store.pass(1_000);
    expect(store.asked).toEqual({ events: 2, schedules: 2 });
    await store.pass(2_000);
    expect(store.asked).toEqual({ events: 3, schedules: 3 });
  });
});

function startOnIdleStore(): Idle {
  const clock = createFakeClock();
  let tellOwn: (note: CommitNote) => void = () => {};
  let tellOthers = () => {};
  const idle: Idle = {
    clock,
    asked: { events: 0, schedules: 0 },
    fails: false,
    ownCommit: (note) => tellOwn({ ...note, ms: 1 }),
    othersCommit: () => tellOthers(),
    async pass(ms) {
      for (let passed = 0; passed <= ms; passed += 1_000) {
        clock.advance(passed > 0 ? 1_000 : 0);
        await new Promise((turn) => setImmediate(turn));
      }
    },
  };
  const answer = async <T>(value: T): Promise<T> => {
    if (idle.fails) throw new Error('The database is away.');
    return value;
  };
  const store = {
    onCommit: (listener: typeof tellOwn) => ((tellOwn = listener), () => (tellOwn = () => {})),
    onForeignCommit: (listener: () => void) => ((tellOthers = listener), () => (tellOthers = () => {})),
    flows: { listTriggerEvents: () => ((idle.asked.events += 1), answer([])) },
  } as unknown as Store;
  const world = { open: () => store, clock, logger: silentLogger } as unknown as FlowWorld;
  const triggers = { fireDue: () => ((idle.asked.schedules += 1), answer(idle.nextFireAt)), fireEvent: async () => {} };
  const pump = startTriggerPump(world, { store: {} } as Engine, triggers);
  onTestFinished(() => pump.stop());
  return idle;
}
