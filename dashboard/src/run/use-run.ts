import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { listen, type ListenState } from '../api/listen.ts';
import type { RunDetail, RunLiveEvents } from '../api/types.ts';
import { type Resource, useResource } from '../ui/use-resource.ts';

export interface LiveRun extends Resource<RunDetail> {
  /** Grows whenever the run has changed, so that what belongs to it is asked for again. */
  readonly version: number;
  readonly live: ListenState;
}

const settleMs = 300;

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

  // Its end may have been read by a look whose lists were read a moment earlier.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !open) setVersion((before) => before + 1);
    wasOpen.current = open;
  }, [open]);

  return { ...run, version, live };
}
