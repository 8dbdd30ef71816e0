import { expect, it } from 'vitest';
import type { FoundRun } from '../world/operator-port.ts';
import { RunBacklog } from './run-backlog.ts';

const run = (runId: string, status: FoundRun['status'] = 'running') => ({ runId, status }) as FoundRun;
const takeAll = (backlog: RunBacklog) => {
  const taken: string[] = [];
  for (let next = backlog.take(); next; next = backlog.take()) taken.push(`${next.runId} ${next.status}`);
  return taken;
};

it('tells of a run as it is now, and once more when it stops fitting', () => {
  const backlog = new RunBacklog({ fits: ({ status }) => status === 'running', most: 10 });
  backlog.add(run('a', 'pending'));
  backlog.add(run('a'));
  backlog.add(run('b'));
  backlog.add(run('a', 'failed'));
  expect(takeAll(backlog)).toEqual(['b running', 'a failed']);
  backlog.add(run('a', 'failed'));
  expect(takeAll(backlog)).toEqual([]);
});

it('does not remember runs that have ended', () => {
  const backlog = new RunBacklog({ fits: () => true, most: 10 });
  for (let index = 0; index < 1_000; index += 1) {
    backlog.add(run(`run-${index}`));
    backlog.add(run(`run-${index}`, 'completed'));
    expect(takeAll(backlog)).toEqual([`run-${index} completed`]);
  }
  expect(backlog.remembered).toBe(0);
});

it('holds no more than it may for who does not take it', () => {
  const backlog = new RunBacklog({ fits: () => true, most: 3 });
  for (const id of ['a', 'b', 'c', 'a']) backlog.add(run(id));
  expect(backlog.overflowed).toBe(false);
  backlog.add(run('d'));
  backlog.add(run('e'));
  expect([backlog.overflowed, backlog.remembered, takeAll(backlog)]).toEqual([true, 0, []]);
});
