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
  const fresh = newest.filter((run) => hasPlace(run, { ...list, runs: kept }));
  return { ...list, runs: mergeByNewest(fresh, kept) };
}

/** An old run is somewhere further down, where its page will bring it. */
export function hasPlace(run: RunSummary, { runs, hasMore }: RunList): boolean {
  const last = runs.at(-1);
  return last === undefined || !hasMore || byNewest(run, last) < 0;
}

/** So many runs a list has that grows by itself: each change walks all of it. */
export const mostRuns = 3_000;

/** The list without its end, where it has grown too long; the end is asked for again when somebody comes there. */
export function cut(list: RunList, most = mostRuns): RunList {
  return list.runs.length <= most ? list : { runs: list.runs.slice(0, most), cursor: null, hasMore: true };
}

/** What asks for the next page; undefined at the end. */
export function nextPage({ runs, cursor, hasMore }: RunList): { cursor?: string; until?: string } | undefined {
  if (!hasMore) return undefined;
  if (cursor !== null) return { cursor };
  const last = runs.at(-1);
  // No cursor is known for where the list was cut. Runs of the same instant come again, and are not taken twice.
  return last && { until: new Date(Date.parse(last.createdAt) + 1).toISOString() };
}

/** Whether the page that was asked for at the end of one list still follows on to the list as it is now. */
export function takesPage(now: RunList, asked: RunList): boolean {
  return now.cursor === asked.cursor && (now.cursor !== null || now.runs.at(-1)?.runId === asked.runs.at(-1)?.runId);
}

function mergeByNewest(fresh: readonly RunSummary[], kept: readonly RunSummary[]): RunSummary[] {
  const [newest] = kept;
  if (newest === undefined || fresh.every((run) => byNewest(run, newest) < 0)) return [...fresh, ...kept];
  return [...fresh, ...kept].toSorted(byNewest);
}

/** The order of a list that begins with the newest run. */
export function byNewest(a: RunSummary, b: RunSummary): number {
  const order = Date.parse(b.createdAt) - Date.parse(a.createdAt);
  if (order !== 0 || a.runId === b.runId) return order;
  return a.runId < b.runId ? 1 : -1;
}
