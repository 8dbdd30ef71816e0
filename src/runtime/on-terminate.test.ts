import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { deferred } from '../testing/deferred.ts';
import { onTerminate } from './on-terminate.ts';

const kill = vi.spyOn(process, 'kill');
// Those of whoever runs this file.
const others = process.listeners('SIGTERM');

beforeEach(() => {
  process.removeAllListeners('SIGTERM');
  kill.mockReset().mockReturnValue(true);
});

afterEach(() => {
  process.removeAllListeners('SIGTERM');
  for (const other of others) process.on('SIGTERM', other);
});

it('ends the process when every worker of it has drained, and not before', async () => {
  const [quick, slow] = [openWorker(), openWorker()];
  sigterm();
  await quick.drained();
  expect(kill).not.toHaveBeenCalled();
  await slow.drained();
  expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGTERM');
});

it('leaves the last word to an app that listens, also if that hears of it only once', async () => {
  const app = vi.fn();
  process.once('SIGTERM', app);
  const worker = openWorker();
  sigterm();
  await worker.drained();
  expect(app).toHaveBeenCalledOnce();
  expect(kill).not.toHaveBeenCalled();
});

it('lets no second signal cut a drain short', async () => {
  process.once('SIGTERM', () => {});
  const worker = openWorker();
  sigterm();
  // Without a listener Node would end the process at once.
  expect(process.listenerCount('SIGTERM')).toBe(1);
  sigterm();
  await worker.drained();
  expect(worker.drain).toHaveBeenCalledOnce();
  expect(kill).not.toHaveBeenCalled();
  expect(process.listenerCount('SIGTERM')).toBe(0);
});

it('asks anew at the next signal who listens', async () => {
  const app = () => {};
  process.once('SIGTERM', app);
  const [first, second] = [openWorker(), openWorker()];
  second.stop();
  sigterm();
  await first.drained();
  const third = openWorker();
  sigterm();
  await third.drained();
  expect(second.drain).not.toHaveBeenCalled();
  expect(kill).toHaveBeenCalledOnce();
});

/** A worker that leaves as soon as it is asked to drain, as a Host does. */
function openWorker() {
  const end = deferred();
  const drain = vi.fn(async () => {
    stop();
    await end.promise;
  });
  const stop = onTerminate(drain);
  return {
    drain,
    stop: () => stop(),
    async drained() {
      end.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function sigterm(): void {
  process.emit('SIGTERM', 'SIGTERM');
}
