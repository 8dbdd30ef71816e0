import type { Page, RunSummary } from '../api/types.ts';
import type { RunFilters } from './filters.ts';
import { byNewest, type RunList } from './run-list.ts';
import { heardAtTop, heardBelow, type ShownRuns } from './shown-runs.ts';

/** The rows in sight, by their places in the list. */
export interface Sight {
  readonly first: number;
  readonly last: number;
}

/** A part of a list, from one run to another; undefined: from its very beginning, to its very end. */
export interface Part {
  readonly from: RunSummary | undefined;
  readonly to: RunSummary | undefined;
}

/** What is to be read again, so that the rows in sight are right; at an end of the list also what has come to stand there. */
export function partInSight({ runs, hasMore }: RunList, { first, last }: Sight, atTop: boolean): Part {
  const end = runs.length - 1;
  return { from: atTop ? undefined : runs[Math.min(first, end)], to: last >= end && !hasMore ? undefined : runs[Math.min(last, end)] };
}

/** The part as the API is asked for it, within a span that the filters set. */
export function partQuery({ from, to }: Part, order: RunFilters['order'], since: string | undefined): { since?: string; until?: string } {
  const [oldest, newest] = order === 'asc' ? [from, to] : [to, from];
  const begin = oldest && (since === undefined || oldest.createdAt > since) ? oldest.createdAt : since;
  return {
    ...(begin === undefined ? {} : { since: begin }),
    ...(newest ? { until: new Date(Date.parse(newest.createdAt) + 1).toISOString() } : {}),
  };
}

export interface ReadPart {
  readonly part: Part;
  readonly page: Page<RunSummary>;
  /** What was heard while it was read, and may be newer than it. */
  readonly heard: readonly RunSummary[];
  readonly atTop: boolean;
}

/** What is shown after a part of it was read again: each run as it is now, and without those that are not there any more. */
export function partReadAgain(shown: ShownRuns, { part, page, heard, atTop }: ReadPart, filters: RunFilters): ShownRuns {
  const { list } = shown;
  if (!list) return shown;
  const found = new Map(page.data.map((run) => [run.runId, run]));
  const isGone = (run: RunSummary) => !found.has(run.runId) && isCovered(run, { part, page, order: filters.order });
  const kept = list.runs.flatMap((run) => (isGone(run) ? [] : [found.get(run.runId) ?? run]));
  const known = new Set(kept.map(({ runId }) => runId));
  const fresh = page.data.filter(({ runId }) => !known.has(runId));
  const last = kept.at(-1);
  // Further down nothing may push away what is being read.
  const pushes = (run: RunSummary) => filters.order !== 'asc' && !atTop && last !== undefined && byNewest(run, last) < 0;
  const next: RunList = {
    runs: [...kept, ...fresh.filter((run) => !pushes(run))].toSorted(inOrder(filters.order)),
    ...(part.to ? { cursor: list.cursor, hasMore: list.hasMore } : { cursor: page.cursor, hasMore: page.hasMore }),
  };
  const held = shown.held.filter((run) => !found.has(run.runId) && !isGone(run));
  return (atTop ? heardAtTop : heardBelow)({ list: next, held }, [...fresh.filter(pushes), ...heard], filters);
}

interface Asked {
  readonly part: Part;
  readonly page: Page<RunSummary>;
  readonly order: RunFilters['order'];
}

/** Whether the page would have the run, if it were there. */
function isCovered(run: RunSummary, { part: { from, to }, page, order }: Asked): boolean {
  const [at, sign] = [Date.parse(run.createdAt), order === 'asc' ? 1 : -1];
  if (from && sign * (at - Date.parse(from.createdAt)) < 0) return false;
  if (!to) return true;
  const end = page.hasMore ? page.data.at(-1) : undefined;
  return sign * (at - Date.parse(to.createdAt)) <= 0 && (end === undefined || inOrder(order)(run, end) <= 0);
}

function inOrder(order: RunFilters['order']): typeof byNewest {
  return order === 'asc' ? (a, b) => byNewest(b, a) : byNewest;
}
