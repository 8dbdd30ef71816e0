import type { Many } from '../api/load-pages.ts';
import type { Page, StepSummary } from '../api/types.ts';

/** The steps of a run as far as they were read, page by page. */
export interface StepPages {
  readonly pages: readonly Page<StepSummary>[];
  /** So many pages are read at most. */
  readonly most: number;
  /** They were read when the run was over, so they stay as they are. */
  readonly over: boolean;
}

export interface ReadSteps {
  /** Further pages are asked for. */
  readonly more: boolean;
  /** The run is over. */
  readonly over: boolean;
}

const pagesAtOnce = 10;

/** Reads the steps again, but not those of pages on which nothing can change any more. */
export async function readSteps(
  before: StepPages | undefined,
  { more, over }: ReadSteps,
  load: (cursor: string | undefined) => Promise<Page<StepSummary>>,
): Promise<StepPages> {
  const most = (before?.most ?? pagesAtOnce) + (more ? pagesAtOnce : 0);
  const pages = [...keptPages(before, over)];
  while (pages.length < most) {
    const last = pages.at(-1);
    if (last && (!last.hasMore || last.cursor === null)) break;
    pages.push(await load(last?.cursor ?? undefined));
  }
  return { pages, most, over };
}

export function stepsOf({ pages }: StepPages): Many<StepSummary> {
  return { data: pages.flatMap(({ data }) => data), hasMore: pages.at(-1)?.hasMore ?? false };
}

function keptPages(before: StepPages | undefined, over: boolean): readonly Page<StepSummary>[] {
  if (!before) return [];
  // The end of the run is the moment to have everything right, whatever was missed.
  if (over) return before.over ? before.pages : [];
  const open = before.pages.findIndex((page) => !isSettled(page));
  return open < 0 ? before.pages : before.pages.slice(0, open);
}

function isSettled({ data, hasMore }: Page<StepSummary>): boolean {
  return hasMore && data.every(({ status }) => status === 'completed' || status === 'failed' || status === 'cancelled');
}
