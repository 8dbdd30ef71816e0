import { describe, expect, it } from 'vitest';
import { parseFilters } from './filters.ts';
import { cut, nextPage, type RunList, takesPage, withChanges, withPage } from './run-list.ts';
import { listOf as list, run } from './run-list.examples.ts';

const all = parseFilters('');
const idsOf = ({ runs }: RunList) => runs.map(({ runId }) => runId);

describe('a live list of runs', () => {
  it('shows the new state of a run where the run is', () => {
    const changed = withChanges(list(30, 20, 10), [run(20, 'completed')], all);
    expect(idsOf(changed)).toEqual(['run-30', 'run-20', 'run-10']);
    expect(changed.runs[1]?.status).toBe('completed');
  });

  it('puts new runs on top, the newest first', () => {
    expect(idsOf(withChanges(list(30, 20), [run(40), run(50)], all))).toEqual(['run-50', 'run-40', 'run-30', 'run-20']);
  });

  it('drops a run that no longer has the status that is asked for', () => {
    expect(idsOf(withChanges(list(30, 20), [run(20, 'failed'), run(40, 'failed')], parseFilters('?status=running')))).toEqual(['run-30']);
  });

  it('leaves an older run to the page it is on', () => {
    expect(idsOf(withChanges(list(30, 20), [run(5)], all))).toEqual(['run-30', 'run-20']);
  });

  it('finds the place of an older run when all pages are there', () => {
    const whole = { ...list(30, 10), hasMore: false };
    expect(idsOf(withChanges(whole, [run(20), run(5)], all))).toEqual(['run-30', 'run-20', 'run-10', 'run-5']);
  });

  it('adds nothing to a list that begins with the oldest', () => {
    expect(idsOf(withChanges(list(10, 20), [run(40), run(20, 'failed')], parseFilters('?order=asc')))).toEqual(['run-10', 'run-20']);
  });

  it('takes the next page without doubling a run', () => {
    const next = withPage(list(30, 20), { data: [run(20), run(10)], cursor: null, hasMore: false });
    expect(idsOf(next)).toEqual(['run-30', 'run-20', 'run-10']);
    expect(next).toMatchObject({ cursor: null, hasMore: false });
  });

  it('is cut where it has grown too long, and goes on where it was cut', () => {
    const short = cut(list(40, 30, 20, 10), 2);
    expect(idsOf(short)).toEqual(['run-40', 'run-30']);
    // Runs of the same instant may stand on either side of the cut.
    expect(nextPage(short)).toEqual({ until: new Date(31).toISOString() });
    const whole = list(40, 30);
    expect(cut(whole, 2)).toBe(whole);
    expect(nextPage(whole)).toEqual({ cursor: 'c' });
    expect(nextPage({ ...whole, cursor: null, hasMore: false })).toBeUndefined();
  });

  it('takes no page that was asked for before its end changed', () => {
    const asked = list(40, 30);
    expect(takesPage(list(50, 40, 30), asked)).toBe(true);
    expect(takesPage({ ...list(50, 40, 30, 20), cursor: 'd' }, asked)).toBe(false);
    expect(takesPage(cut(list(40, 30, 20), 2), cut(list(40, 30), 1))).toBe(false);
  });
});
