import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../api/types.ts';
import { parseFilters } from './filters.ts';
import { type RunList, withChanges, withPage } from './run-list.ts';

const all = parseFilters('');
const run = (at: number, status: RunSummary['status'] = 'running'): RunSummary => ({
  runId: `run-${at}`,
  kind: 'code',
  name: 'order',
  workflowName: 'order',
  status,
  tenantId: null,
  deploymentId: 'd',
  createdAt: new Date(at).toISOString(),
  startedAt: null,
  completedAt: null,
  durationMs: null,
  error: null,
});
const list = (...ats: number[]): RunList => ({ runs: ats.map((at) => run(at)), cursor: 'c', hasMore: true });
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
});
