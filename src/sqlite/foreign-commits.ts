import type { Connection } from './connection.ts';

const shortestMs = 25;
// Ten thousand sleeping runs and nobody about: half as many looks, and a guest waits 25 ms longer.
const longestMs = 50;
const quietAfterMs = 5_000;

/** Those who want to know when another process has committed; one looks for all of them, while there are any. */
export class ForeignCommits {
  readonly #writer: () => Pick<Connection, 'get'>;
  readonly #listeners = new Set<() => void>();
  #stop = () => {};

  constructor(writer: () => Pick<Connection, 'get'>) {
    this.#writer = writer;
  }

  listen(listener: () => void): () => void {
    // One that listens twice is called twice.
    const entry = () => listener();
    if (this.#listeners.size === 0) this.#stop = watch(this.#writer, () => this.#listeners.forEach((each) => each()));
    this.#listeners.add(entry);
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#stop();
    };
  }
}

/**
 * Calls back when another process has committed, until the returned function is called. To the connection that writes, `data_version` changes
 * by no commit of its own; asking costs a few microseconds. In real time, whatever clock was injected: other processes do not live by it.
 */
function watch(writer: () => Pick<Connection, 'get'>, listener: () => void): () => void {
  let seen: number | undefined;
  let quietSince = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = () => {
    try {
      const version = writer().get<{ data_version: number }>('pragma data_version')?.data_version;
      if (seen !== undefined && version !== seen) {
        quietSince = performance.now();
        listener();
      }
      seen = version;
    } catch {
      // Somebody has the file for himself at this moment, or the store was closed, and whoever listens is being closed too.
    }
    schedule();
  };
  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(look, performance.now() - quietSince < quietAfterMs ? shortestMs : longestMs);
    timer.unref();
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
