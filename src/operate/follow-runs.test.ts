import { expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { trustedCaller } from './caller.ts';
import { followRuns } from './follow-runs.ts';
import type { Operator } from './operator.ts';

it.each([
  { what: 'a look that took long is followed by a pause that is five times as long', failing: false, tookMs: 5_000, pauseMs: 25_000 },
  { what: 'a look that took very long is followed by a pause of half a minute', failing: false, tookMs: 30_000, pauseMs: 30_000 },
  { what: 'a look that failed is followed by another in two seconds', failing: true, tookMs: 10_000, pauseMs: 2_000 },
])('in a live list $what', async ({ failing, tookMs, pauseMs }) => {
  const clock = createFakeClock();
  let begun = 0;
  const listChangedRuns = async () => {
    begun += 1;
    clock.advance(tookMs);
    return failing ? Promise.reject(new Error('the database is away')) : [];
  };
  const hints = new Set<() => void>();
  const onCommit = (hint: () => void) => {
    hints.add(hint);
    return () => hints.delete(hint);
  };
  const store = { now: () => clock.now(), operator: { listChangedRuns }, onCommit, onForeignCommit: onCommit };
  const stop = new AbortController();
  const operator = { world: {}, caller: trustedCaller('test', 'host'), clock, logger: silentLogger, store: async () => store };
  const live = followRuns(operator as unknown as Operator, {}, stop.signal);
  const next = live.next();
  onTestFinished(async () => {
    stop.abort();
    await next;
  });
  await nextTurn();
  expect(begun).toBe(1);
  for (const hint of hints) hint();
  clock.advance(pauseMs - 1);
  await nextTurn();
  expect(begun).toBe(1);
  clock.advance(1);
  await nextTurn();
  expect(begun).toBe(2);
});
