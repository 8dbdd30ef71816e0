import { expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { ReplayPace } from './replay-pace.ts';

/** A run whose last replay took so long and left so many steps open, of which some are under way here; `calm` asks for the next one. */
function openPace({ steps, open = steps, lastedMs, more = false }: { steps: number; open?: number; lastedMs: number; more?: boolean }) {
  const clock = createFakeClock(0);
  const state = { more };
  const pace = new ReplayPace(clock, () => state.more);
  const replayEnds = pace.replayBegins('run');
  clock.advance(lastedMs);
  replayEnds(open);
  for (let step = 0; step < steps; step += 1) pace.stepBegins('run');
  const endSteps = (count: number) => {
    for (let step = 0; step < count; step += 1) pace.stepEnds('run');
  };
  const calm = () => {
    const asked = { waits: true };
    const wait = pace.calm('run');
    if (wait) void wait.then(() => (asked.waits = false));
    else asked.waits = false;
    return asked;
  };
  return { clock, pace, state, endSteps, calm };
}

/** Once everything that was due has been told. */
async function stillWaits(asked: { readonly waits: boolean }): Promise<boolean> {
  await nextTurn();
  return asked.waits;
}

it('a run whose replays are short waits for nothing', () => {
  expect(openPace({ steps: 100, lastedMs: 49 }).calm().waits).toBe(false);
});

it('a run whose next replay would be long waits for as long as it would take', async () => {
  const { clock, endSteps, calm } = openPace({ steps: 400, lastedMs: 10 });
  endSteps(100);
  const asked = calm();
  // 100 ended, 300 open: 18 s. 200 ended, 200 open: 24 s.
  clock.advance(17_000);
  endSteps(100);
  clock.advance(6_000);
  expect(await stillWaits(asked)).toBe(true);
  clock.advance(1_000);
  expect(await stillWaits(asked)).toBe(false);
});

it('it goes on at once when hardly any is left, for then it is short again', async () => {
  const { clock, endSteps, calm } = openPace({ steps: 200, lastedMs: 10 });
  endSteps(100);
  const asked = calm();
  clock.advance(1_000);
  endSteps(50);
  expect(await stillWaits(asked)).toBe(true);
  endSteps(48);
  expect(await stillWaits(asked)).toBe(false);
});

it('steps that there was no slot for yet count as open', async () => {
  const { clock, state, pace, endSteps, calm } = openPace({ steps: 256, open: 1_000, lastedMs: 10, more: true });
  endSteps(256);
  const asked = calm();
  clock.advance(9_000);
  expect(await stillWaits(asked)).toBe(true);
  // Others have got them all.
  state.more = false;
  pace.looked();
  expect(await stillWaits(asked)).toBe(false);
});

it('steps of an earlier fan-out make the next one no dearer', () => {
  const { pace, endSteps, calm } = openPace({ steps: 400, lastedMs: 10 });
  endSteps(400);
  pace.replayBegins('run')(10);
  pace.stepBegins('run');
  pace.stepBegins('run');
  endSteps(1);
  expect(calm().waits).toBe(false);
});

it('a run with no other step under way waits for nothing, however long its replays are', () => {
  expect(openPace({ steps: 1, lastedMs: 900 }).calm().waits).toBe(false);
});

it('a run with many steps under way is replayed when the last of them has ended', async () => {
  const { endSteps, calm } = openPace({ steps: 3, lastedMs: 900 });
  const asked = calm();
  endSteps(2);
  expect(await stillWaits(asked)).toBe(true);
  endSteps(1);
  expect(await stillWaits(asked)).toBe(false);
});

it('it waits no longer than its last replay took', async () => {
  const { clock, calm } = openPace({ steps: 3, lastedMs: 900 });
  const asked = calm();
  clock.advance(899);
  expect(await stillWaits(asked)).toBe(true);
  clock.advance(1);
  expect(await stillWaits(asked)).toBe(false);
});

it('while steps are due that nobody has looked at yet, there may be more of it', async () => {
  const { pace, state, endSteps, calm } = openPace({ steps: 2, open: 4, lastedMs: 900, more: true });
  const asked = calm();
  endSteps(2);
  expect(await stillWaits(asked)).toBe(true);
  state.more = false;
  pace.looked();
  expect(await stillWaits(asked)).toBe(false);
});

it('a worker that stops keeps nobody waiting', async () => {
  const { pace, calm } = openPace({ steps: 2, lastedMs: 900 });
  const asked = calm();
  pace.stop();
  expect(await stillWaits(asked)).toBe(false);
  expect(calm().waits).toBe(false);
});

it('two deliveries of a run, one of which was only foreseen, both go on', async () => {
  const { clock, calm } = openPace({ steps: 2, lastedMs: 900 });
  const [one, other] = [calm(), calm()];
  clock.advance(900);
  expect([await stillWaits(one), await stillWaits(other)]).toEqual([false, false]);
});
