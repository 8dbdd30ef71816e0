import { startWorker } from './worker-process.js';

/** The workers of one start of the example, one at a time, each with its own log. */
export function createWorkforce({ logFile }) {
  let count = 0;
  let current;
  let fail;
  /** Rejects when a worker ends that nobody ended. */
  const failure = new Promise((_, reject) => (fail = reject));
  failure.catch(() => {});

  return {
    failure,
    async hire() {
      count += 1;
      const onUnexpectedExit = (description) => fail(new Error(description));
      current = await startWorker({ logFile: logFile(count), onUnexpectedExit });
      return { number: count, pid: current.pid };
    },
    async kill() {
      await current.kill();
    },
    async close() {
      await current?.stop();
    },
  };
}
