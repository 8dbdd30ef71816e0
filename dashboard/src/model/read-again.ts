import type { Page, RunSummary } from '../api/types.ts';
import type { RunFilters } from './filters.ts';
import { byNewest, mostRuns, type RunList, withPage } from './run-list.ts';

/** The list anew, down to the last run that is shown: also on its further pages runs have ended in the meantime. */
export async function readAgain(
  shown: RunList | undefined,
  order: RunFilters['order'],
  load: (cursor: string | undefined) => Promise<Page<RunSummary>>,
): Promise<RunList> {
  const { data, cursor, hasMore } = await load(undefined);
  let list: RunList = { runs: data, cursor, hasMore };
  const last = shown?.runs.at(-1);
  while (last && list.hasMore && list.cursor !== null && list.runs.length < mostRuns) {
    const reached = list.runs.at(-1);
    const distance = reached ? byNewest(reached, last) : 0;
    if (order === 'asc' ? distance <= 0 : distance >= 0) break;
    list = withPage(list, await load(list.cursor));
  }
  return list;
}
