import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { listen, type ListenState } from '../api/listen.ts';
import { Problem } from '../api/problem.ts';
import type { Page, RunSummary } from '../api/types.ts';
import { apiFilters, formatFilters, type RunFilters } from '../model/filters.ts';
import { type RunList, withChanges, withPage } from '../model/run-list.ts';

export interface Runs {
  readonly list: RunList | undefined;
  readonly problem: Problem | undefined;
  readonly loadingMore: boolean;
  readonly live: ListenState;
  /** New runs that wait to be shown, because the reader is further down. */
  readonly held: number;
  readonly more: () => void;
  readonly release: () => void;
  readonly reload: () => void;
}

const flushMs = 250;
/** Within this distance from the top new runs come in at once; further down they would push away what is being read. */
const topPx = 240;

/** The list that was shown last, so that somebody who comes back from a run finds it as it was. */
let shownLast: { readonly key: string; readonly list: RunList } | undefined;

/** The list of runs for these filters, page by page, and live. */
export function useRuns(filters: RunFilters): Runs {
  const key = formatFilters(filters);
  const [state, setState] = useState<{ key: string; list?: RunList; problem?: Problem }>(() =>
    shownLast?.key === key ? shownLast : { key },
  );
  const [held, setHeld] = useState<readonly RunSummary[]>([]);
  const [loadingMore, setLoadingMore] = useState(false);
  const [live, setLive] = useState<ListenState>('connecting');
  const [round, setRound] = useState(0);
  const current = useRef(state);
  current.current = state;
  if (state.list) shownLast = { key: state.key, list: state.list };

  const change = useCallback(
    (update: (list: RunList) => RunList) => setState((now) => (now.key === key && now.list ? { key, list: update(now.list) } : now)),
    [key],
  );

  useEffect(() => {
    const abort = new AbortController();
    setHeld([]);
    setLoadingMore(false);
    api
      .runs(apiFilters(filters, Date.now()), undefined, abort.signal)
      .then((page) => setState((now) => ({ key, list: now.key === key && now.list ? renewed(now.list, page, filters) : listOf(page) })))
      .catch((error: unknown) => abort.signal.aborted || setState({ key, problem: Problem.from(error) }));
    return () => abort.abort();
  }, [key, round]);

  useEffect(() => {
    const abort = new AbortController();
    let changed: RunSummary[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let missed = false;
    const flush = () => {
      timer = undefined;
      const known = new Set(current.current.list?.runs.map(({ runId }) => runId));
      const atTop = scrollY < topPx;
      const now = atTop ? changed : changed.filter(({ runId }) => known.has(runId));
      const later = atTop ? [] : changed.filter(({ runId }) => !known.has(runId));
      changed = [];
      if (now.length > 0) change((list) => withChanges(list, now, filters));
      if (later.length > 0 && filters.order !== 'asc') setHeld((before) => latestOf([...before, ...later]));
    };
    void listen('/runs/live', {
      // A run that leaves the status that is asked for has to be heard of too, so the status is looked at here.
      query: () => ({ ...apiFilters(filters, Date.now()), status: undefined, order: undefined }),
      signal: abort.signal,
      onState: (next) => {
        setLive(next);
        if (next === 'lost') missed = true;
        // What happened in the meantime was not heard.
        if (next === 'open' && missed) setRound((before) => before + 1);
        if (next === 'open') missed = false;
      },
      onEvent: ({ event, data }) => {
        if (event !== 'run') return;
        changed.push(JSON.parse(data) as RunSummary);
        timer ??= setTimeout(flush, flushMs);
      },
    });
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, change]);

  const release = useCallback(() => {
    setHeld((waiting) => {
      if (waiting.length > 0) change((list) => withChanges(list, waiting, filters));
      return [];
    });
  }, [change]);

  const more = useCallback(() => {
    const { list } = current.current;
    if (!list?.hasMore || list.cursor === null) return;
    setLoadingMore((already) => {
      if (already) return true;
      void api
        .runs(apiFilters(filters, Date.now()), list.cursor ?? undefined)
        .then((page) => change((before) => withPage(before, page)))
        .catch((error: unknown) => setState((now) => (now.key === key ? { ...now, problem: Problem.from(error) } : now)))
        .finally(() => setLoadingMore(false));
      return true;
    });
  }, [key, change]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  const shown = state.key === key ? state : undefined;
  return { list: shown?.list, problem: shown?.problem, loadingMore, live, held: held.length, more, release, reload };
}

function listOf({ data, cursor, hasMore }: Page<RunSummary>): RunList {
  return { runs: data, cursor, hasMore };
}

/** A list that is shown keeps its further pages if the first one follows on to it; else too much has happened in the meantime. */
function renewed(list: RunList, page: Page<RunSummary>, filters: RunFilters): RunList {
  const known = new Set(list.runs.map(({ runId }) => runId));
  const followsOn = page.data.some(({ runId }) => known.has(runId));
  return followsOn && list.runs.length > page.data.length ? withChanges(list, page.data, filters) : listOf(page);
}

function latestOf(runs: readonly RunSummary[]): RunSummary[] {
  return [...new Map(runs.map((run) => [run.runId, run])).values()];
}
