import type { RunSummary } from '../api/types.ts';
import { type RunFilters, stillMatches } from './filters.ts';

/** The runs that are shown, in the order of the list, and whether there are more of them to ask for. */
export interface RunList {
  readonly runs: readonly RunSummary[];
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

/** The list with its next page. A run that came live while the page was on its way stays where it is. */
export function withPage(list: RunList, page: { data: readonly RunSummary[]; cursor: string | null; hasMore: boolean }): RunList {
  const known = new Set(list.runs.map((run) => run.runId));
  return { runs: [...list.runs, ...page.data.filter((run) => !known.has(run.runId))], cursor: page.cursor, hasMore: page.hasMore };
}

/**
 * The list after these runs have changed: a run that is shown takes its new state or leaves, one that is new comes to the top. In a list
 * that begins with the oldest a new run has no place until its page is asked for.
 */
export function withChanges(list: RunList, changed: readonly RunSummary[], filters: RunFilters): RunList {
  const latest = new Map(changed.map((run) => [run.runId, run]));
  const kept = list.runs.flatMap((run) => {
    const now = latest.get(run.runId);
    if (!now) return [run];
    latest.delete(run.runId);
    return stillMatches(now, filters) ? [now] : [];
  });
  if (filters.order === 'asc') return { ...list, runs: kept };
  const newest = [...latest.values()].filter((run) => stillMatches(run, filters)).toSorted(byNewest);
  const last = kept.at(-1);
  // An old run that changes is somewhere further down, where its page will bring it.
  const fresh = newest.filter((run) => last === undefined || !list.hasMore || byNewest(run, last) < 0);
  return { ...list, runs: mergeByNewest(fresh, kept) };
}

function mergeByNewest(fresh: readonly RunSummary[], kept: readonly RunSummary[]): RunSummary[] {
  const [newest] = kept;
  if (newest === undefined || fresh.every((run) => byNewest(run, newest) < 0)) return [...fresh, ...kept];
  return [...fresh, ...kept].toSorted(byNewest);
}

function byNewest(a: RunSummary, b: RunSummary): number {
  const order = Date.parse(b.createdAt) - Date.parse(a.createdAt);
  if (order !== 0) return order;
  return a.runId < b.runId ? 1 : -1;
}
