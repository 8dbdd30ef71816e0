import { expect, it } from 'vitest';
import type { QueueDepth, Worker } from '../api/types.ts';
import { lateWork } from './late-work.ts';

const now = '2026-11-22T05:01:00.000Z';
const depth = (kind: QueueDepth['kind'], ready: number, oldestDueAt: string | null): QueueDepth => {
  return { kind, ready, leased: 0, delayed: 0, oldestDueAt };
};
const worker = (live: boolean): Worker => {
  return { id: 'w', host: 'h', pid: 1, deploymentId: 'd', startedAt: now, lastBeatAt: null, live };
};
const aMinuteAgo = '2026-11-22T05:00:00.000Z';
const before = '2026-11-22T04:59:59.999Z';

it('is what is due at all while no worker is alive', () => {
  const queue = [depth('run', 0, null), depth('step', 2, now)];
  expect(lateWork({ now, queue, workers: [worker(false)] })).toEqual({ why: 'no worker', ready: 2, oldestWaitMs: 0 });
  expect(lateWork({ now, queue, workers: [] })).toMatchObject({ why: 'no worker' });
  expect(lateWork({ now, queue: [depth('run', 0, null)], workers: [] })).toBeUndefined();
});

it('is also what the workers that are alive leave, once the oldest of any kind has waited for more than a minute', () => {
  const workers = [worker(false), worker(true)];
  expect(lateWork({ now, queue: [depth('run', 1, now), depth('flow', 3, aMinuteAgo)], workers })).toBeUndefined();
  expect(lateWork({ now, queue: [depth('run', 1, now), depth('flow', 3, before)], workers })).toEqual({
    why: 'not taken',
    ready: 4,
    oldestWaitMs: 60_001,
  });
});
