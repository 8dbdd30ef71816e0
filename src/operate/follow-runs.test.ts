import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock, type FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { nextTurn } from '../testing/next-turn.ts';
import type { ChangedRuns } from '../world/operator-port.ts';
import { trustedCaller } from './caller.ts';
import { followRuns } from './follow-runs.ts';
import type { Operator } from './operator.ts';

const nothing: ChangedRuns = { runs: [], whole: true };

describe('in a live list', () => {
  it.each([
    { what: 'a look that took long is followed by a pause that is five times as long', failing: false, tookMs: 5_000, pauseMs: 25_000 },
    { what: 'a look that took very long is followed by a pause of half a minute', failing: false, tookMs: 30_000, pauseMs: 30_000 },
    { what: 'a look that failed is followed by another in two seconds', failing: true, tookMs: 10_000, pauseMs: 2_000 },
  ])('$what', async ({ failing, tookMs, pauseMs }) => {
    const { clock, commit, begun } = await watch(async (now) => {
      now.advance(tookMs);
      return failing ? Promise.reject(new Error('the database is away')) : nothing;
    });
    expect(begun()).toBe(1);
    commit();
    clock.advance(pauseMs - 1);
    await nextTurn();
    expect(begun()).toBe(1);
    clock.advance(1);
    await nextTurn();
    expect(begun()).toBe(2);
  });

  it('more than a look reads ends it, so that whoever looks comes again, but not before five seconds have passed', async () => {
    let looks = 0;
    const { clock, hasEnded } = await watch(async () => ({ runs: [], whole: ++looks > 1 }));
    await pass(clock, 4_500);
    expect(hasEnded()).toBe(false);
    await pass(clock, 3_000);
    expect(hasEnded()).toBe(true);
  });

  it('what a look reads whole ends nothing', async () => {
    const { clock, hasEnded, begun } = await watch(async () => nothing);
    await pass(clock, 60_000);
    expect(begun()).toBeGreaterThan(10);
    expect(hasEnded()).toBe(false);
  });
});

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    await nextTurn();
  }
}

async function watch(listChangedRuns: (clock: FakeClock) => Promise<ChangedRuns>) {
  const clock = createFakeClock();
  const hints = new Set<() => void>();
  const onCommit = (hint: () => void) => {
    hints.add(hint);
    return () => hints.delete(hint);
  };
  let begun = 0;
  const look = () => {
    begun += 1;
    return listChangedRuns(clock);
  };
  const store = { now: () => clock.now(), operator: { listChangedRuns: look }, onCommit, onForeignCommit: onCommit };
  const stop = new AbortController();
  const operator = { world: {}, caller: trustedCaller('test', 'host'), clock, logger: silentLogger, store: async () => store };
  let ended = false;
  const next = followRuns(operator as unknown as Operator, {}, stop.signal)
    .next()
    .then(({ done }) => (ended = done === true));
  onTestFinished(async () => {
    stop.abort();
    await next;
  });
  await nextTurn();
  return { clock, commit: () => hints.forEach((hint) => hint()), begun: () => begun, hasEnded: () => ended };
}
