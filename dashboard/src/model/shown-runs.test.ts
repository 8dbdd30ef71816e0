import { describe, expect, it } from 'vitest';
import { parseFilters } from './filters.ts';
import { mostRuns } from './run-list.ts';
import { listOf, run } from './run-list.examples.ts';
import { countNew, heardAtTop, heardBelow, readWhileShown, released, type ShownRuns } from './shown-runs.ts';

const all = parseFilters('');
const failed = parseFilters('?status=failed');
const shown = (...ats: number[]): ShownRuns => ({ list: listOf(...ats), held: [] });
const idsOf = ({ list }: ShownRuns) => list?.runs.map(({ runId }) => runId);
const heldOf = ({ held }: ShownRuns) => held.map(({ runId }) => runId);

describe('runs that are heard of while the reader is further down', () => {
  it('are counted as new only where they are newer than the first that is shown', () => {
    const heard = heardBelow(shown(30, 20), [run(40), run(25), run(5)], all);
    expect(countNew(heard)).toBe(1);
    expect(idsOf(heard)).toEqual(['run-30', 'run-20']);
  });

  it('are not counted where they do not have the status that is asked for, or have lost it again', () => {
    const heard = heardBelow(shown(30, 20), [run(40, 'running'), run(50, 'failed')], failed);
    expect(heldOf(heard)).toEqual(['run-50']);
    expect(countNew(heardBelow(heard, [run(50, 'running')], failed))).toBe(0);
  });

  it('change in place where they are shown already', () => {
    const heard = heardBelow(shown(30, 20), [run(20, 'completed')], all);
    expect(heard.list?.runs[1]?.status).toBe('completed');
    expect(heard.held).toEqual([]);
  });

  it('come in when they are released, each in its place and as it is now', () => {
    const heard = heardBelow(heardBelow(shown(30, 20), [run(40), run(25)], all), [run(40, 'completed')], all);
    const after = released(heard, all);
    expect(idsOf(after)).toEqual(['run-40', 'run-30', 'run-25', 'run-20']);
    expect(after.list?.runs[0]?.status).toBe('completed');
    expect(after.held).toEqual([]);
  });

  it('are not held in a list that begins with the oldest', () => {
    expect(heardBelow(shown(10, 20), [run(40)], parseFilters('?order=asc')).held).toEqual([]);
  });
});

describe('runs that are heard of at the top', () => {
  it('come in at once, with those that were held, and none of them as it was before', () => {
    const held = heardBelow(shown(30), [run(40)], all);
    const after = heardAtTop(held, [run(40, 'completed'), run(50)], all);
    expect(idsOf(after)).toEqual(['run-50', 'run-40', 'run-30']);
    expect(after.list?.runs[1]?.status).toBe('completed');
    expect(after.held).toEqual([]);
  });

  it('do not let the list grow without end', () => {
    let after = shown(10);
    for (let at = 100; at < 100 + 2 * mostRuns; at += 500)
      after = heardAtTop(
        after,
        Array.from({ length: 500 }, (_, index) => run(at + index)),
        all,
      );
    expect(after.list?.runs).toHaveLength(mostRuns);
    expect(after.list?.hasMore).toBe(true);
  });

  it('leave a list that begins with the oldest as long as its reader has made it', () => {
    const long = shown(...Array.from({ length: mostRuns + 1 }, (_, at) => at));
    const after = heardAtTop(long, [run(5, 'completed')], parseFilters('?order=asc'));
    expect(after.list).toMatchObject({ cursor: 'c', hasMore: true });
    expect(after.list?.runs).toHaveLength(mostRuns + 1);
    expect(after.list?.runs[5]?.status).toBe('completed');
  });
});

describe('a list that was read again while it is shown', () => {
  it('holds what is newer when the reader is further down, and shows it at the top', () => {
    const again = listOf(50, 40, 30, 20);
    const below = readWhileShown(shown(30, 20), { list: again, heard: [], atTop: false }, all);
    expect(idsOf(below)).toEqual(['run-30', 'run-20']);
    expect(countNew(below)).toBe(2);
    expect(idsOf(readWhileShown(shown(30, 20), { list: again, heard: [], atTop: true }, all))).toEqual([
      'run-50',
      'run-40',
      'run-30',
      'run-20',
    ]);
  });

  it('is taken as it is where nothing of what was shown is left', () => {
    const after = readWhileShown(shown(30, 20), { list: listOf(90, 80), heard: [], atTop: false }, all);
    expect(idsOf(after)).toEqual(['run-90', 'run-80']);
    expect(after.held).toEqual([]);
  });

  it('knows what was heard while it was read', () => {
    const after = readWhileShown(shown(30, 20), { list: listOf(30, 20), heard: [run(20, 'completed')], atTop: true }, all);
    expect(after.list?.runs[1]?.status).toBe('completed');
  });
});
