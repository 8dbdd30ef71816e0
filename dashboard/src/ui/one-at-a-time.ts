export interface OneAtATimeOptions<T> {
  readonly load: (signal: AbortSignal) => Promise<T>;
  readonly onStart: () => void;
  readonly onData: (data: T) => void;
  readonly onError: (error: unknown) => void;
}

export interface OneAtATime {
  /** Loads; where a load is under way, once more when it has ended, however often it was asked for. */
  readonly ask: () => void;
  /** Aborts what is under way and says nothing any more. */
  readonly stop: () => void;
}

// A connection may be dead without knowing it, and nothing else would ever end the load.
const patienceMs = 60_000;

/** Loads one at a time. What changes all the time is then shown late, where aborting for each change would never show it. */
export function oneAtATime<T>({ load, onStart, onData, onError }: OneAtATimeOptions<T>): OneAtATime {
  let underWay: AbortController | undefined;
  let asked = false;
  let stopped = false;

  const start = async () => {
    const abort = new AbortController();
    underWay = abort;
    asked = false;
    const timer = setTimeout(() => abort.abort(new DOMException('The server took too long to answer.', 'TimeoutError')), patienceMs);
    onStart();
    try {
      const data = await load(abort.signal);
      if (!stopped) onData(data);
    } catch (error) {
      if (!stopped) onError(error);
    } finally {
      clearTimeout(timer);
      underWay = undefined;
    }
    if (asked && !stopped) void start();
  };

  return {
    ask: () => {
      if (underWay) asked = true;
      else if (!stopped) void start();
    },
    stop: () => {
      stopped = true;
      underWay?.abort();
    },
  };
}
