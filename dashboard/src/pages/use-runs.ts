import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { listen, type ListenState } from '../api/listen.ts';
import { Problem } from '../api/problem.ts';
import type { RunSummary } from '../api/types.ts';
import { apiFilters, formatFilters, type RunFilters } from '../model/filters.ts';
import { readAgain } from '../model/read-again.ts';
import { partInSight, partQuery, partReadAgain, type Sight } from '../model/rows-in-sight.ts';
import { nextPage, type RunList, takesPage, withPage } from '../model/run-list.ts';
import { countNew, heardAtTop, heardBelow, readWhileShown, released, type ShownRuns } from '../model/shown-runs.ts';
import { useInterval } from '../ui/use-resource.ts';

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
  /** These rows are in sight: they are read again every few seconds, since not every change of an open run is told live. */
  readonly see: (sight: Sight) => void;
}

interface State extends ShownRuns {
  readonly key: string;
  readonly problem: Problem | undefined;
}

const flushMs = 250;
const retryMs = 5_000;
const sightMs = 5_000;
// A server that is slow to answer is asked less often.
const pausePerWait = 5;
/** Within this distance from the top new runs come in at once; further down they would push away what is being read. */
const topPx = 240;

/** The list that was shown last, so that somebody who comes back from a run finds it as it was. */
let shownLast: { readonly key: string; readonly list: RunList } | undefined;

/** The list of runs for these filters, page by page, and live. */
export function useRuns(filters: RunFilters): Runs {
  const key = formatFilters(filters);
  const nothing: State = { key, list: undefined, held: [], problem: undefined };
  const [state, setState] = useState<State>(() => (shownLast?.key === key ? { ...nothing, list: shownLast.list } : nothing));
  const [loadingMore, setLoadingMore] = useState(false);
  const [live, setLive] = useState<ListenState>('connecting');
  const [round, setRound] = useState(0);
  const latestKey = useRef(key);
  latestKey.current = key;
  const current = useRef(state);
  current.current = state.key === key ? state : nothing;
  if (state.list) shownLast = { key: state.key, list: state.list };
  // What is heard while the list or a part of it is read may be newer than what is read.
  const reads = useRef(new Set<RunSummary[]>());

  const change = useCallback(
    (update: (shown: ShownRuns) => Partial<State>) =>
      setState((now) => {
        // Asked for by filters that are no longer set: what they found must not take the place of what is found now.
        if (latestKey.current !== key) return now;
        const shown = now.key === key ? now : nothing;
        const updated = update(shown);
        return updated === shown ? now : { ...shown, ...updated };
      }),
    [key],
  );
  const reload = useCallback(() => setRound((before) => before + 1), []);

  useEffect(() => {
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    const heard: RunSummary[] = [];
    reads.current.add(heard);
    setLoadingMore(false);
    const read = async (cursor: string | undefined) => await api.runs(apiFilters(filters, Date.now()), cursor, abort.signal);
    readAgain(current.current.list, filters.order, read)
      .then((list) => {
        if (abort.signal.aborted) return;
        change((shown) => ({ ...readWhileShown(shown, { list, heard, atTop: isAtTop() }, filters), problem: undefined }));
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = Problem.from(error);
        change(() => ({ problem }));
        if (mayPass(problem)) retry = setTimeout(reload, retryMs);
      })
      .finally(() => reads.current.delete(heard));
    return () => {
      clearTimeout(retry);
      abort.abort();
    };
  }, [key, round]);

  const sight = useRef<Sight>({ first: 0, last: 0 });
  const see = useCallback((now: Sight) => (sight.current = now), []);
  const sightAbort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => sightAbort.current?.abort(), [key, round]);
  const sightFrom = useRef(0);
  useInterval(() => {
    const { list: asked } = current.current;
    const begunAt = Date.now();
    if (!asked || reads.current.size > 0 || begunAt < sightFrom.current) return;
    const part = partInSight(asked, sight.current, isAtTop());
    const { since, ...rest } = apiFilters(filters, begunAt);
    const { signal } = (sightAbort.current = new AbortController());
    const heard: RunSummary[] = [];
    reads.current.add(heard);
    void api
      .runsInSight({ ...rest, ...partQuery(part, filters.order, since) }, signal)
      .then((page) => {
        if (!signal.aborted) change((shown) => partReadAgain(shown, { part, page, heard, atTop: isAtTop() }, filters));
      })
      // It is read again soon, and the state of the connection is shown already.
      .catch(() => {})
      .finally(() => {
        reads.current.delete(heard);
        sightFrom.current = Date.now() + pausePerWait * (Date.now() - begunAt);
      });
  }, sightMs);

  useEffect(() => {
    const abort = new AbortController();
    let changed: RunSummary[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let missed = false;
    const flush = () => {
      timer = undefined;
      const runs = changed;
      changed = [];
      for (const meanwhile of reads.current) meanwhile.push(...runs);
      const heard = isAtTop() ? heardAtTop : heardBelow;
      change((shown) => heard(shown, runs, filters));
    };
    void listen('/runs/live', {
      // A run that leaves the status that is asked for has to be heard of too, so the status is looked at here.
      query: () => ({ ...apiFilters(filters, Date.now()), status: undefined, order: undefined }),
      signal: abort.signal,
      onState: (next) => {
        setLive(next);
        if (next === 'lost') missed = true;
        // What happened in the meantime was not heard.
        if (next === 'open' && missed) reload();
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

  const release = useCallback(() => change((shown) => released(shown, filters)), [change]);

  const moreAbort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => moreAbort.current?.abort(), [key]);
  const more = useCallback(() => {
    const asked = current.current.list;
    const next = asked && nextPage(asked);
    if (!asked || !next) return;
    setLoadingMore((already) => {
      if (already) return true;
      const { cursor, ...until } = next;
      moreAbort.current?.abort();
      const { signal } = (moreAbort.current = new AbortController());
      void api
        .runs({ ...apiFilters(filters, Date.now()), ...until }, cursor, signal)
        .then((page) =>
          change(({ list }) => ({ ...(list && takesPage(list, asked) ? { list: withPage(list, page) } : {}), problem: undefined })),
        )
        .catch((error: unknown) => {
          if (!signal.aborted) change(() => ({ problem: Problem.from(error) }));
        })
        // By then another list may ask for its own next page.
        .finally(() => {
          if (!signal.aborted) setLoadingMore(false);
        });
      return true;
    });
  }, [change]);

  const { list, problem } = current.current;
  return { list, problem, loadingMore, live, held: countNew(current.current), more, release, reload, see };
}

function isAtTop(): boolean {
  return scrollY < topPx;
}

/** Nothing that the reader could do would help: the server is away, or busy. */
function mayPass({ status }: Problem): boolean {
  return status === 0 || status === 429 || status >= 500;
}
