// Every worker of the process listens; the process may end when the last of them has drained.
const listeners = new Set<() => void>();

/**
 * Runs `drain` at SIGTERM. If nobody but workers listens for the signal the process then ends of it, as it would have without us; an app
 * that has a handler of its own keeps the last word. The returned function takes the listener back.
 */
export function onTerminate(drain: () => Promise<void>): () => void {
  const stop = () => {
    process.off('SIGTERM', listener);
    listeners.delete(listener);
  };
  const listener = () => {
    // Asked before anything else runs: an app's `once` listener is gone as soon as it was called.
    const appListens = process.listeners('SIGTERM').some((other) => !listeners.has(other as () => void));
    void drain().finally(() => {
      stop();
      if (!appListens && listeners.size === 0) process.kill(process.pid, 'SIGTERM');
    });
  };
  listeners.add(listener);
  process.prependListener('SIGTERM', listener);
  return stop;
}
