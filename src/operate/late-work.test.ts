import { expect, it } from 'vitest';
import { longestWaitMs as longestOnThePage } from '../../dashboard/src/model/late-work.ts';
import { longestWaitMs, oldestWaitMs } from './late-work.ts';

const depth = (kind: 'run' | 'flow' | 'step' | 'message', oldestDueAt: string | null) => ({
  kind,
  ready: 1,
  leased: 0,
  delayed: 0,
  oldestDueAt,
});

it('counts from what has been due longest, by the clock of the database', () => {
  const now = '2026-11-22T05:01:00.000Z';
  expect(oldestWaitMs({ now, queue: [] })).toBe(0);
  expect(oldestWaitMs({ now, queue: [depth('run', null), depth('flow', '2026-11-22T05:01:00.001Z')] })).toBe(0);
  expect(oldestWaitMs({ now, queue: [depth('run', '2026-11-22T05:00:59.000Z'), depth('step', '2026-11-22T05:00:00.000Z')] })).toBe(60_000);
});

it('is late after as long as the dashboard says it is, which knows no file of this side', () => {
  expect(longestOnThePage).toBe(longestWaitMs);
});
