import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { looks, type LookOptions } from './looks.ts';
import type { Operator } from './operator.ts';

describe('after a look', () => {
  it.each([
    { tookMs: 0, pauseMs: 200 },
    { tookMs: 100, pauseMs: 500 },
    { tookMs: 300, pauseMs: 1_500 },
    // As long as that a reader who is slow to take what he is told may have taken for it.
    { tookMs: 60_000, pauseMs: 2_000 },
  ])('that took $tookMs ms comes a pause of $pauseMs ms, whatever is committed meanwhile', async ({ tookMs, pauseMs }) => {
    await expectPause({ tookMs, pauseMs });
  });

  it.each([
    { lookMs: 10, pauseMs: 200 },
    { lookMs: 300, pauseMs: 1_500 },
    { lookMs: 5_000, pauseMs: 25_000 },
    { lookMs: 60_000, pauseMs: 30_000 },
  ])(
    'that says of itself to have taken $lookMs ms comes a pause of $pauseMs ms, however long its reader took',
    async ({ lookMs, pauseMs }) => {
      await expectPause({ tookMs: 60_000, pauseMs, lookMs });
    },
  );

  it('of which nobody knows how long it took comes a pause of two seconds at most', async () => {
    const { clock, commit, next, seen } = open({ lookMs: () => undefined });
    await next();
    clock.advance(60_000);
    void next();
    await nextTurn();
    commit();
    clock.advance(2_000);
    await nextTurn();
    expect(seen()).toBe(2);
  });

  it('ends a long pause at once when nobody looks any more', async () => {
    const stop = new AbortController();
    const { next, looking } = open({ lookMs: () => 60_000 }, stop.signal);
    await next();
    const last = looking.next();
    await nextTurn();
    stop.abort();
    expect(await last).toMatchObject({ done: true });
  });

  it('after which nobody has committed anything comes the next one at a commit, or in two seconds', async () => {
    const { clock, commit, next, seen } = open();
    await next();
    for (const end of [commit, () => clock.advance(2_000)]) {
      const before = seen();
      void next();
      await nextTurn();
      clock.advance(200);
      await nextTurn();
      expect(seen()).toBe(before);
      end();
      await nextTurn();
      expect(seen()).toBe(before + 1);
    }
  });
});

interface Expected {
  /** From the look until its reader is ready for the next. */
  readonly tookMs: number;
  readonly pauseMs: number;
  /** What the look says of itself. */
  readonly lookMs?: number;
}

async function expectPause({ tookMs, pauseMs, lookMs }: Expected): Promise<void> {
  const { clock, commit, next, seen } = open(lookMs === undefined ? {} : { lookMs: () => lookMs });
  await next();
  clock.advance(tookMs);
  void next();
  await nextTurn();
  commit();
  clock.advance(pauseMs - 1);
  await nextTurn();
  expect(seen()).toBe(1);
  clock.advance(1);
  await nextTurn();
  expect(seen()).toBe(2);
}

function open(options: LookOptions = {}, signal = new AbortController().signal) {
  const clock = createFakeClock();
  const hints = new Set<() => void>();
  const onCommit = (hint: () => void) => {
    hints.add(hint);
    return () => hints.delete(hint);
  };
  const operator = { clock, store: async () => ({ onCommit, onForeignCommit: onCommit }) } as unknown as Operator;
  const looking = looks(operator, signal, options);
  let count = 0;
  return {
    clock,
    looking,
    commit: () => hints.forEach((hint) => hint()),
    next: () => looking.next().then(() => void (count += 1)),
    seen: () => count,
  };
}
