import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { type Deferred, deferred } from '../testing/deferred.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { Pump } from './pump.ts';

const pollMs = 2_000;

/** A pump whose looks are counted, and answered by the test. */
function openPump(answer: () => Promise<number | undefined> = async () => undefined) {
  const clock = createFakeClock(0);
  const looks: number[] = [];
  const errors: unknown[] = [];
  const rests: boolean[] = [];
  const pump = new Pump({
    clock,
    pollMs,
    now: () => clock.now(),
    claim: async () => {
      looks.push(clock.now());
      return await answer();
    },
    onError: (error) => void errors.push(error),
    onRest: () => void rests.push(pump.looks),
  });
  const settle = async () => {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  };
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { pump, clock, looks, errors, rests, settle, advance };
}

describe('a pump', () => {
  it('says when it has looked at all that it was told of', async () => {
    const look = deferred<undefined>();
    const { pump, rests, settle } = openPump(async () => await look.promise);
    pump.kick();
    await settle();
    pump.kick();
    expect([pump.looks, rests]).toEqual([true, []]);
    look.resolve(undefined);
    await settle();
    expect([pump.looks, rests]).toEqual([false, [false]]);
  });

  it('looks once for all the hints of a turn', async () => {
    const { pump, looks, settle } = openPump();
    for (let hint = 0; hint < 100; hint += 1) pump.kick();
    await settle();
    expect(looks).toEqual([0]);
  });

  it('looks once more for all the hints that come while it looks', async () => {
    const answers: Deferred<number | undefined>[] = [];
    const { pump, looks, settle } = openPump(() => {
      answers.push(deferred());
      return (answers.at(-1) as Deferred<number | undefined>).promise;
    });
    pump.kick();
    await settle();
    for (let hint = 0; hint < 100; hint += 1) pump.kick();
    await settle();
    expect(looks).toHaveLength(1);
    answers[0]?.resolve(undefined);
    await settle();
    answers[1]?.resolve(undefined);
    await settle();
    expect(looks).toHaveLength(2);
  });

  it('looks when the next thing is due, and not before', async () => {
    const { pump, looks, settle, advance } = openPump(async () => (looks.length === 1 ? 500 : undefined));
    pump.kick();
    await settle();
    await advance(499);
    expect(looks).toEqual([0]);
    await advance(1);
    expect(looks).toEqual([0, 500]);
  });

  it('looks every now and then, whatever it heard', async () => {
    const { pump, looks, settle, advance } = openPump();
    pump.kick();
    await settle();
    for (let poll = 0; poll < 3; poll += 1) await advance(pollMs);
    expect(looks).toEqual([0, pollMs, 2 * pollMs, 3 * pollMs]);
  });

  it('does not wait longer than that for what is due much later', async () => {
    const { pump, looks, settle, advance } = openPump(async () => 86_400_000);
    pump.kick();
    await settle();
    await advance(pollMs);
    expect(looks).toEqual([0, pollMs]);
  });

  it('looks at once when it is told of something that is due', async () => {
    const { pump, looks, settle } = openPump();
    pump.dueAt(0);
    await settle();
    expect(looks).toEqual([0]);
  });

  it('looks at the earliest of the times that it is told', async () => {
    const { pump, looks, advance } = openPump();
    pump.dueAt(300);
    pump.dueAt(200);
    pump.dueAt(900);
    await advance(199);
    expect(looks).toEqual([]);
    await advance(1);
    expect(looks).toEqual([200]);
  });

  it('looks at each of the times that it is told, whatever the look before has found', async () => {
    const { pump, looks, advance } = openPump();
    for (const instant of [300, 200, 500, 300]) pump.dueAt(instant);
    for (let passed = 0; passed < 600; passed += 50) await advance(50);
    expect(looks).toEqual([200, 300, 500]);
  });

  it('looks when something was to be due, though a look that came before saw nothing of it', async () => {
    const answers = [300, undefined, undefined];
    const { pump, looks, settle, advance } = openPump(async () => answers.shift());
    pump.kick();
    await settle();
    await advance(100);
    pump.kick();
    await settle();
    await advance(200);
    expect(looks).toEqual([0, 100, 300]);
  });

  it('keeps a time that it is told while it looks', async () => {
    const answers: Deferred<number | undefined>[] = [];
    const { pump, looks, settle, advance } = openPump(() => {
      answers.push(deferred());
      return (answers.at(-1) as Deferred<number | undefined>).promise;
    });
    pump.kick();
    await settle();
    // Committed after the look had read what is due, so the look knows nothing of it.
    pump.dueAt(200);
    answers[0]?.resolve(undefined);
    await settle();
    await advance(200);
    expect(looks).toEqual([0, 200]);
  });

  it('looks again half a second after a look that failed, and says so', async () => {
    const down = new Error('down');
    const { pump, looks, errors, settle, advance } = openPump(async () => {
      throw down;
    });
    pump.kick();
    await settle();
    await advance(500);
    expect(looks).toEqual([0, 500]);
    expect(errors).toEqual([down, down]);
  });

  it('stops when the look under way has ended, and looks no more', async () => {
    const answer = deferred<number | undefined>();
    const { pump, looks, settle, advance } = openPump(() => answer.promise);
    pump.kick();
    await settle();
    let stopped = false;
    const stop = pump.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    answer.resolve(0);
    await stop;
    pump.kick();
    pump.dueAt(0);
    await advance(10 * pollMs);
    expect(looks).toEqual([0]);
  });
});
