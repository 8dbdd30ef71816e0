/**
 * Runs `drain` at SIGTERM. If nobody else listens for the signal the process then ends of it, as it would have without us; an app that has
 * its own handler keeps the last word. The returned function takes the listener back.
 */
export function onTerminate(drain: () => Promise<void>): () => void {
  const listener = () => {
    void drain().finally(() => {
      process.off('SIGTERM', listener);
      if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM');
    });
  };
  process.on('SIGTERM', listener);
  return () => process.off('SIGTERM', listener);
}
