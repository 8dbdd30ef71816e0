import type { Connection } from './connection.ts';

const shortestMs = 25;
// Ten thousand sleeping runs and nobody about: half as many looks, and a guest waits 25 ms longer.
const longestMs = 50;
const quietAfterMs = 5_000;

/**
 * Calls back when another process has committed, until the returned function is called. To the connection that writes, `data_version` changes
 * by no commit of its own; asking costs a few microseconds. In real time, whatever clock was injected: other processes do not live by it.
 */
export function watchForeignCommits(writer: () => Connection, listener: () => void): () => void {
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
