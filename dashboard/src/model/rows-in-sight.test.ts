import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../api/types.ts';
import { parseFilters } from './filters.ts';
import { listOf, run } from './run-list.examples.ts';
import { type Part, partInSight, partQuery, partReadAgain, type ReadPart } from './rows-in-sight.ts';
import type { ShownRuns } from './shown-runs.ts';

const all = parseFilters('');
const oldestFirst = parseFilters('?order=asc');
const whole: Part = { from: undefined, to: undefined };
const at = (ms: number) => new Date(ms).toISOString();
const shown = (...ats: number[]): ShownRuns => ({ list: listOf(...ats), held: [] });
const ended = (...ats: number[]): ShownRuns => ({ list: { ...listOf(...ats), cursor: null, hasMore: false }, held: [] });
const statesOf = ({ list }: ShownRuns) => list?.runs.map(({ runId, status }) => `${runId} ${status}`);
const idsOf = ({ list }: ShownRuns) => list?.runs.map(({ runId }) => runId);
const read = (part: Part, data: readonly RunSummary[], rest: Partial<ReadPart> & { readonly hasMore?: boolean } = {}): ReadPart => {
  const { hasMore = false } = rest;
  return { part, page: { data: [...data], cursor: hasMore ? 'on' : null, hasMore }, heard: [], atTop: false, ...rest };
};

describe('the part of a list that is read again', () => {
  it('is what is in sight', () => {
    const list = listOf(60, 50, 40, 30, 20);
    const part = partInSight(list, { first: 1, last: 3 }, false);
    expect(part).toEqual({ from: run(50), to: run(30) });
    expect(partQuery(part, undefined, undefined)).toEqual({ since: at(30), until: at(51) });
    expect(partQuery(partInSight(listOf(10, 20, 30), { first: 0, last: 1 }, false), 'asc', undefined)).toEqual({
      since: at(10),
      until: at(21),
    });
  });

  it('goes on to whatever has come to stand at an end of the list that is in sight', () => {
    const list = listOf(60, 50, 40);
    expect(partInSight(list, { first: 0, last: 2 }, true)).toEqual({ from: undefined, to: run(40) });
    expect(partInSight({ ...list, hasMore: false }, { first: 1, last: 2 }, false)).toEqual({ from: run(50), to: undefined });
    expect(partInSight({ runs: [], cursor: null, hasMore: false }, { first: 0, last: 9 }, true)).toEqual(whole);
    expect(partQuery(whole, undefined, undefined)).toEqual({});
  });

  it('keeps within what the list has by now, and within the span of its filters', () => {
    expect(partInSight(listOf(60, 50), { first: 7, last: 20 }, false)).toEqual({ from: run(50), to: run(50) });
    expect(partQuery({ from: undefined, to: run(40) }, undefined, at(45))).toEqual({ since: at(45) });
    expect(partQuery({ from: undefined, to: run(40) }, undefined, at(35))).toEqual({ since: at(40) });
  });
});

describe('rows in sight that were read again', () => {
  const middle: Part = { from: run(50), to: run(30) };

  it('are as they are now, and nothing else moves', () => {
    const after = partReadAgain(shown(60, 50, 40, 30, 20), read(middle, [run(50), run(40, 'completed'), run(30)]), all);
    expect(statesOf(after)).toEqual(['run-60 running', 'run-50 running', 'run-40 completed', 'run-30 running', 'run-20 running']);
    expect(after.list).toMatchObject({ cursor: 'c', hasMore: true });
  });

  it('are gone where they do not fit any more, or were deleted', () => {
    expect(idsOf(partReadAgain(shown(60, 50, 40, 30, 20), read(middle, [run(50)]), all))).toEqual(['run-60', 'run-50', 'run-20']);
  });

  it('stay where the answer did not reach them', () => {
    const after = partReadAgain(shown(60, 50, 40, 30, 20), read(middle, [run(45)], { hasMore: true }), all);
    expect(idsOf(after)).toEqual(['run-60', 'run-40', 'run-30', 'run-20']);
  });

  it('keep their places further down: what would push them away is held', () => {
    const after = partReadAgain(shown(60, 50, 40, 30, 20), read(middle, [run(50), run(45), run(40), run(30)]), all);
    expect(idsOf(after)).toEqual(['run-60', 'run-50', 'run-40', 'run-30', 'run-20']);
    expect(after.held).toEqual([run(45)]);
  });

  it('take in at the top what was not told of', () => {
    const top = { part: { from: undefined, to: run(30) }, data: [run(70), run(50), run(45), run(40), run(30)] };
    const after = partReadAgain(shown(60, 50, 40, 30, 20), read(top.part, top.data, { atTop: true }), all);
    expect(idsOf(after)).toEqual(['run-70', 'run-50', 'run-45', 'run-40', 'run-30', 'run-20']);
  });

  it('take in at the end of the list what has come to stand there, and what asks for more of it', () => {
    const part: Part = { from: run(30), to: undefined };
    const after = partReadAgain(ended(40, 30, 20), read(part, [run(30), run(20), run(10)]), all);
    expect(idsOf(after)).toEqual(['run-40', 'run-30', 'run-20', 'run-10']);
    expect(after.list).toMatchObject({ cursor: null, hasMore: false });
    const more = partReadAgain(ended(40, 30, 5), read(part, [run(30), run(20), run(10)], { hasMore: true }), all);
    expect(idsOf(more)).toEqual(['run-40', 'run-30', 'run-20', 'run-10']);
    expect(more.list).toMatchObject({ cursor: 'on', hasMore: true });
  });

  it('fill a list that was empty', () => {
    expect(idsOf(partReadAgain(ended(), read(whole, [run(20), run(10)], { atTop: true }), all))).toEqual(['run-20', 'run-10']);
  });

  it('are not as they were before where something newer was heard meanwhile', () => {
    const after = partReadAgain(shown(40, 30), read(whole, [run(40), run(30)], { heard: [run(40, 'failed')], atTop: true }), all);
    expect(statesOf(after)).toEqual(['run-40 failed', 'run-30 running']);
  });

  it('are newer than what was held before they were read', () => {
    const before: ShownRuns = { ...shown(60, 30), held: [run(50, 'pending'), run(45, 'pending'), run(20, 'pending')] };
    const part: Part = { from: run(60), to: run(30) };
    const below = partReadAgain(before, read(part, [run(60), run(50, 'completed'), run(30)]), all);
    expect(below.held.map(({ runId, status }) => `${runId} ${status}`)).toEqual(['run-50 completed', 'run-20 pending']);
    const top = partReadAgain(before, read(part, [run(60), run(50, 'completed'), run(30)], { atTop: true }), all);
    expect(statesOf(top)).toEqual(['run-60 running', 'run-50 completed', 'run-30 running']);
    expect(top.held).toEqual([]);
  });

  it('are read in a list that begins with the oldest too', () => {
    const part: Part = { from: run(20), to: undefined };
    const after = partReadAgain(ended(10, 20, 30), read(part, [run(20, 'completed'), run(40)]), oldestFirst);
    expect(statesOf(after)).toEqual(['run-10 running', 'run-20 completed', 'run-40 running']);
    expect(after.list).toMatchObject({ hasMore: false });
  });

  it('change nothing before there is a list', () => {
    const none: ShownRuns = { list: undefined, held: [] };
    expect(partReadAgain(none, read(whole, [run(10)]), all)).toBe(none);
  });
});
