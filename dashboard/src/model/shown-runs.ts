import type { RunSummary } from '../api/types.ts';
import { type RunFilters, stillMatches } from './filters.ts';
import { byNewest, cut, hasPlace, mostRuns, type RunList, withChanges } from './run-list.ts';

/** The list that is shown, once it is there, and runs that are kept out of it while the reader is further down. */
export interface ShownRuns {
  readonly list: RunList | undefined;
  /** The newest first. */
  readonly held: readonly RunSummary[];
}

/** At the top everything comes in at once. */
export function heardAtTop(shown: ShownRuns, changed: readonly RunSummary[], filters: RunFilters): ShownRuns {
  const { list, held } = released(shown, filters);
  return { list: list && grown(list, changed, filters), held };
}

/** Further down runs change where they stand, and what would push them away is held. */
export function heardBelow({ list, held }: ShownRuns, changed: readonly RunSummary[], filters: RunFilters): ShownRuns {
  if (!list) return { list, held };
  const known = new Set(list.runs.map(({ runId }) => runId));
  const inPlace = changed.filter(({ runId }) => known.has(runId));
  const others = changed.filter(({ runId }) => !known.has(runId));
  return { list: withChanges(list, inPlace, filters), held: filters.order === 'asc' ? [] : withHeld(held, others, list, filters) };
}

/** What was held comes in. */
export function released(shown: ShownRuns, filters: RunFilters): ShownRuns {
  const { list, held } = shown;
  return held.length === 0 || !list ? shown : { list: grown(list, held, filters), held: [] };
}

/** So many of those that are held are new: the others have only come to fit, and stand somewhere below the first. */
export function countNew({ list, held }: ShownRuns): number {
  const first = list?.runs[0];
  return first ? held.filter((run) => byNewest(run, first) < 0).length : held.length;
}

/** The list with what came in. One that begins with the oldest does not grow by itself: it is as long as its reader has asked for. */
function grown(list: RunList, changed: readonly RunSummary[], filters: RunFilters): RunList {
  const next = withChanges(list, changed, filters);
  return filters.order === 'asc' ? next : cut(next);
}

export interface ReadList {
  readonly list: RunList;
  /** What was heard while it was read, and may be newer than it. */
  readonly heard: readonly RunSummary[];
  readonly atTop: boolean;
}

/** The list that was read takes the place of the one that is shown, and nothing moves under the eyes of who is further down. */
export function readWhileShown(shown: ShownRuns, { list, heard, atTop }: ReadList, filters: RunFilters): ShownRuns {
  const first = shown.list?.runs[0];
  const rest = first && !atTop && filters.order !== 'asc' ? list.runs.filter((run) => byNewest(run, first) >= 0) : [];
  if (rest.length === 0) return { list: withChanges(list, heard, filters), held: [] };
  const newer = list.runs.slice(0, list.runs.length - rest.length);
  return heardBelow({ list: { ...list, runs: rest }, held: newer }, heard, filters);
}

function withHeld(held: readonly RunSummary[], changed: readonly RunSummary[], list: RunList, filters: RunFilters): readonly RunSummary[] {
  const waiting = new Map(held.map((run) => [run.runId, run]));
  for (const run of changed) {
    if (stillMatches(run, filters) && hasPlace(run, list)) waiting.set(run.runId, run);
    else waiting.delete(run.runId);
  }
  // With more than these the list is cut below them when they come in, so none is missing in between.
  return [...waiting.values()].toSorted(byNewest).slice(0, mostRuns);
}
