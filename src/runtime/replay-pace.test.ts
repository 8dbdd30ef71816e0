import { expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import type { StepBurst } from '../world/port.ts';
import { ReplayPace } from './replay-pace.ts';

/** A run whose last replay took so long and left so many steps open, of which some are under way here; `calm` asks for the next one. */
function openPace({ steps, open = steps, lastedMs, more = false }: { steps: number; open?: number; lastedMs: number; more?: boolean }) {
  const clock = createFakeClock(0);
  const state = { more, elsewhere: { open: 0, ended: 0 } as StepBurst | undefined, asked: 0 };
  const countSteps = async () => {
    state.asked += 1;
    if (!state.elsewhere) throw new Error('The database is away.');
    return state.elsewhere;
  };
  const pace = new ReplayPace({ clock, moreToCome: () => state.more, countSteps });
  const replayEnds = pace.replayBegins('run');
  clock.advance(lastedMs);
  replayEnds(open);
  for (let step = 0; step < steps; step += 1) pace.stepBegins('run');
  const endSteps = (count: number) => {
    for (let step = 0; step < count; step += 1) pace.stepEnds('run');
  };
  const calm = (lastSeq = 0) => {
    const asked = { waits: true };
    const wait = pace.calm({ runId: 'run', lastSeq });
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

it('a run that has grown elsewhere waits for what others have under way, and looks at it again and again', async () => {
  const { clock, state, calm } = openPace({ steps: 0, lastedMs: 10 });
  state.elsewhere = { open: 300, ended: 100 };
  const asked = calm(500);
  await nextTurn();
  for (const [ended, open] of [
    [200, 200],
    [380, 20],
  ] as const) {
    expect(await stillWaits(asked)).toBe(true);
    state.elsewhere = { open, ended };
    clock.advance(1_000);
  }
  expect(await stillWaits(asked)).toBe(true);
  state.elsewhere = { open: 0, ended: 400 };
  clock.advance(1_000);
  expect(await stillWaits(asked)).toBe(false);
});

it('it waits for them no longer than the replay would take', async () => {
  const { clock, state, calm } = openPace({ steps: 0, lastedMs: 10 });
  state.elsewhere = { open: 10, ended: 90 };
  const asked = calm(300);
  for (let waitedMs = 0; waitedMs < 130; waitedMs += 10) {
    expect(await stillWaits(asked)).toBe(true);
    clock.advance(10);
  }
  // 90 ended, 10 open: 135 ms.
  clock.advance(10);
  expect(await stillWaits(asked)).toBe(false);
});

it('a run that was replayed here a moment ago is not asked for', () => {
  const { state, calm } = openPace({ steps: 0, lastedMs: 10 });
  for (const lastSeq of [100, 200, 300]) expect(calm(lastSeq).waits).toBe(false);
  expect(state.asked).toBe(0);
});

it('a run that cannot be asked for goes on: the replay will be told why', async () => {
  const { state, calm } = openPace({ steps: 0, lastedMs: 10 });
  state.elsewhere = undefined;
  const asked = calm(500);
  expect(await stillWaits(asked)).toBe(false);
});

it('whoever waits for others goes on when the worker stops', async () => {
  const { pace, state, calm } = openPace({ steps: 0, lastedMs: 10 });
  state.elsewhere = { open: 300, ended: 100 };
  const asked = calm(500);
  expect(await stillWaits(asked)).toBe(true);
  pace.stop();
  expect(await stillWaits(asked)).toBe(false);
});

it('all who wait for one run go on when the worker leaves, also where one of them will be thrown away', async () => {
  const { pace, calm } = openPace({ steps: 400, lastedMs: 60_000 });
  const [foreseen, came] = [calm(), calm()];
  expect([foreseen.waits, came.waits]).toEqual([true, true]);
  pace.stop();
  expect([await stillWaits(foreseen), await stillWaits(came)]).toEqual([false, false]);
});

it('all who wait for one run go on when its steps have ended', async () => {
  const { endSteps, calm } = openPace({ steps: 400, lastedMs: 60_000 });
  const both = [calm(), calm()];
  endSteps(400);
  expect([await stillWaits(both[0] as never), await stillWaits(both[1] as never)]).toEqual([false, false]);
});
