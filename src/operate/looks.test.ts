import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';

describe('after a look', () => {
  it.each([
    { tookMs: 0, pauseMs: 200 },
    { tookMs: 100, pauseMs: 500 },
    { tookMs: 300, pauseMs: 1_500 },
    // As long as that a reader who is slow to take what he is told may have taken for it.
    { tookMs: 60_000, pauseMs: 2_000 },
  ])('that took $tookMs ms comes a pause of $pauseMs ms, whatever is committed meanwhile', async ({ tookMs, pauseMs }) => {
    const { clock, commit, next, seen } = open();
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

function open() {
  const clock = createFakeClock();
  const hints = new Set<() => void>();
  const onCommit = (hint: () => void) => {
    hints.add(hint);
    return () => hints.delete(hint);
  };
  const operator = { clock, store: async () => ({ onCommit, onForeignCommit: onCommit }) } as unknown as Operator;
  const looking = looks(operator, new AbortController().signal);
  let count = 0;
  return {
    clock,
    commit: () => hints.forEach((hint) => hint()),
    next: () => looking.next().then(() => void (count += 1)),
    seen: () => count,
  };
}
