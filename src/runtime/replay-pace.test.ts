import { expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { ReplayPace } from './replay-pace.ts';

/** A run with steps under way whose last replay took so long; `calm` asks for the next one. */
function openPace({ steps, lastedMs, more = false }: { steps: number; lastedMs: number; more?: boolean }) {
  const clock = createFakeClock(0);
  const state = { more };
  const pace = new ReplayPace(clock, () => state.more);
  for (let step = 0; step < steps; step += 1) pace.stepBegins('run');
  pace.replayed('run', lastedMs);
  const calm = () => {
    const asked = { waits: true };
    const wait = pace.calm('run');
    if (wait) void wait.then(() => (asked.waits = false));
    else asked.waits = false;
    return asked;
  };
  return { clock, pace, state, calm };
}

it('a run whose replays are short waits for nothing', () => {
  expect(openPace({ steps: 100, lastedMs: 49 }).calm().waits).toBe(false);
});

it('a run with no other step under way waits for nothing, however long its replays are', () => {
  expect(openPace({ steps: 1, lastedMs: 900 }).calm().waits).toBe(false);
});

it('a run with many steps under way is replayed when the last of them has ended', async () => {
  const { pace, calm } = openPace({ steps: 3, lastedMs: 900 });
  const asked = calm();
  pace.stepEnds('run');
  pace.stepEnds('run');
  await nextTurn();
  expect(asked.waits).toBe(true);
  pace.stepEnds('run');
  await nextTurn();
  expect(asked.waits).toBe(false);
});

it('it waits no longer than its last replay took', async () => {
  const { clock, calm } = openPace({ steps: 3, lastedMs: 900 });
  const asked = calm();
  clock.advance(899);
  await nextTurn();
  expect(asked.waits).toBe(true);
  clock.advance(1);
  await nextTurn();
  expect(asked.waits).toBe(false);
});

it('while steps are due that nobody has looked at yet, there may be more of it', async () => {
  const { pace, state, calm } = openPace({ steps: 2, lastedMs: 900, more: true });
  const asked = calm();
  pace.stepEnds('run');
  pace.stepEnds('run');
  await nextTurn();
  expect(asked.waits).toBe(true);
  state.more = false;
  pace.claimed();
  await nextTurn();
  expect(asked.waits).toBe(false);
});

it('a worker that stops keeps nobody waiting', async () => {
  const { pace, calm } = openPace({ steps: 2, lastedMs: 900 });
  const asked = calm();
  pace.stop();
  await nextTurn();
  expect(asked.waits).toBe(false);
  expect(calm().waits).toBe(false);
});

it('two deliveries of a run, one of which was only foreseen, both go on', async () => {
  const { clock, calm } = openPace({ steps: 2, lastedMs: 900 });
  const [one, other] = [calm(), calm()];
  clock.advance(900);
  await nextTurn();
  expect([one.waits, other.waits]).toEqual([false, false]);
});
