import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../api/problem.ts';
import { type OneAtATime, oneAtATime } from './one-at-a-time.ts';

/** Something that is fetched: what is there, why it is not, and a way to ask again. What was there stays while it is asked for again. */
export interface Resource<T> {
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

export interface ResourceOptions {
  /** Asks again so often, while the tab is seen. */
  readonly everyMs?: number;
}

/**
 * Fetches when it is first shown and whenever `key` changes, which also forgets what was there; an undefined key fetches nothing.
 * An answer to an earlier question is dropped. What is asked for again while it is on its way comes first, and is asked for then.
 */
export function useResource<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  options: ResourceOptions = {},
): Resource<T> {
  const [answer, setAnswer] = useState<{ key: string | undefined; data?: T; problem?: Problem }>({ key: undefined });
  const [loading, setLoading] = useState(key !== undefined);
  const loader = useRef(load);
  loader.current = load;
  const underWay = useRef<OneAtATime | undefined>(undefined);

  useEffect(() => {
    if (key === undefined) return undefined;
    const loads = oneAtATime<T>({
      load: async (signal) => await loader.current(signal),
      onStart: () => setLoading(true),
      onData: (data) => {
        setAnswer({ key, data });
        setLoading(false);
      },
      onError: (error) => {
        const problem = Problem.from(error);
        setAnswer((before) => (before.key === key ? { ...before, problem } : { key, problem }));
        setLoading(false);
      },
    });
    underWay.current = loads;
    loads.ask();
    return () => {
      loads.stop();
      underWay.current = undefined;
    };
  }, [key]);

  const reload = useCallback(() => underWay.current?.ask(), []);
  useInterval(reload, key === undefined ? undefined : options.everyMs);
  const current = answer.key === key ? answer : undefined;
  return { data: current?.data, problem: current?.problem, loading, reload };
}

/** Asks again whenever the version of what it is about is another one. */
export function useReload(version: number | string, reload: () => void): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else reload();
  }, [version]);
}

/** Calls so often while the tab is seen, and at once when it is seen again. */
export function useInterval(act: () => void, everyMs: number | undefined): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const actIfSeen = () => document.hidden || latest.current();
    const timer = setInterval(actIfSeen, everyMs);
    document.addEventListener('visibilitychange', actIfSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', actIfSeen);
    };
  }, [everyMs]);
}
