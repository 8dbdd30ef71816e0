import { describe, expect, it } from 'vitest';
import { AppendLog } from './append-log.ts';
import { VisitCounts } from './visit-counts.ts';

describe('an append log', () => {
  it('keeps every length readable while it grows', () => {
    const one = AppendLog.of(['a']);
    const two = one.append(['b']);
    const three = two.append(['c']);
    expect([one.items(), two.items(), three.items()]).toEqual([['a'], ['a', 'b'], ['a', 'b', 'c']]);
  });

  it('keeps branches apart', () => {
    const one = AppendLog.of(['a']);
    const left = one.append(['b']);
    const right = one.append(['c']);
    expect([left.items(), right.items(), right.append(['d']).items()]).toEqual([
      ['a', 'b'],
      ['a', 'c'],
      ['a', 'c', 'd'],
    ]);
  });
});

describe('visit counts', () => {
  it('tell the counts of each point', () => {
    const start = VisitCounts.of({});
    const once = start.enter('a');
    const twice = once.enter('b').enter('a');
    expect([start.record(), once.record(), twice.record()]).toEqual([{}, { a: 1 }, { a: 2, b: 1 }]);
    expect([start.get('a'), once.get('a'), twice.get('a')]).toEqual([0, 1, 2]);
  });

  it('keep branches apart', () => {
    const once = VisitCounts.of({}).enter('a');
    const lost = once.enter('b');
    const kept = once.enter('a');
    expect([lost.record(), kept.record(), kept.enter('b').record()]).toEqual([{ a: 1, b: 1 }, { a: 2 }, { a: 2, b: 1 }]);
  });
});
