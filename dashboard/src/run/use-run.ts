import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { listen, type ListenState } from '../api/listen.ts';
import type { Page, RunDetail, RunLiveEvents } from '../api/types.ts';
import { type Resource, useResource } from '../ui/use-resource.ts';

export interface LiveRun extends Resource<RunDetail> {
  /** Grows whenever the run has changed, so that what belongs to it is asked for again. */
  readonly version: number;
  readonly live: ListenState;
}

const settleMs = 300;
const pageLimit = 5;

/** A run that is asked for again whenever the server says that it has changed; at most a few times a second. */
export function useRun(runId: string): LiveRun {
  const run = useResource(`run:${runId}`, async (signal) => await api.run(runId, signal));
  const [version, setVersion] = useState(0);
  const [live, setLive] = useState<ListenState>('connecting');
  const reload = useRef(run.reload);
  reload.current = run.reload;
  // A run that is over changes no more, and the server ends its stream.
  const open = run.data?.completedAt === null;
  const seen = useRef('');
  if (run.data) seen.current = `${run.data.counts.events} ${run.data.status}`;

  useEffect(() => {
    if (!open) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer = undefined;
      reload.current();
      setVersion((before) => before + 1);
    };
    let missed = false;
    void listen(`/runs/${encodeURIComponent(runId)}/live`, {
      signal: abort.signal,
      onState: (state) => {
        setLive(state);
        if (state === 'open' && missed) timer ??= setTimeout(look, settleMs);
        missed = state === 'lost' || (missed && state !== 'open');
      },
      onEvent: ({ event, data }) => {
        if (event !== 'changed') return;
        const { eventCount, status } = JSON.parse(data) as RunLiveEvents['changed'];
        if (`${eventCount} ${status}` !== seen.current) timer ??= setTimeout(look, settleMs);
      },
    });
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [runId, open]);

  return { ...run, version, live };
}

export interface Many<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
}

/** All there is of a run's list, up to a number of pages; `more` raises the number. */
export function useMany<T>(
  key: string,
  version: number,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Resource<Many<T>> & { readonly more: () => void } {
  const [pages, setPages] = useState(pageLimit);
  const many = useResource(key, async (signal) => await loadPages(pages, async (cursor) => await load(cursor, signal)));
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else many.reload();
  }, [version, pages]);
  return { ...many, more: () => setPages((before) => before + pageLimit) };
}

async function loadPages<T>(pages: number, load: (cursor: string | undefined) => Promise<Page<T>>): Promise<Many<T>> {
  const data: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const next = await load(cursor);
    data.push(...next.data);
    if (!next.hasMore || next.cursor === null) return { data, hasMore: false };
    cursor = next.cursor;
  }
  return { data, hasMore: true };
}
