// Every worker of the process listens; the process may end when the last of them has drained.
const listeners = new Set<() => void>();
let draining = 0;
let appListens: boolean | undefined;

/**
 * Runs `drain` at SIGTERM. If nobody but workers listens for the signal the process then ends of it, as it would have without us; an app
 * that has a handler of its own keeps the last word. A drain that has begun is not cut short by another SIGTERM. The returned function takes
 * the listener back; in the course of a drain that is left to its end.
 */
export function onTerminate(drain: () => Promise<void>): () => void {
  let drains = false;
  const leave = () => {
    process.off('SIGTERM', listener);
    listeners.delete(listener);
  };
  const listener = () => {
    // Asked before anything else runs, and once: an app's `once` listener is gone as soon as it was called.
    appListens ??= process.listeners('SIGTERM').some((other) => !listeners.has(other as () => void));
    if (drains) return;
    drains = true;
    draining += 1;
    void drain()
      .catch(() => {})
      .then(() => {
        leave();
        draining -= 1;
        if (draining > 0) return;
        const ends = !appListens;
        appListens = undefined;
        // A worker that was started meanwhile hears of it and drains as well.
        if (ends) process.kill(process.pid, 'SIGTERM');
      });
  };
  listeners.add(listener);
  process.prependListener('SIGTERM', listener);
  return () => {
    if (!drains) leave();
  };
}
