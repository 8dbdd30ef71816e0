import { describe, expect, it } from 'vitest';
import type { Page, StepSummary } from '../api/types.ts';
import { readSteps, stepsOf } from './step-pages.ts';

const instant = '2026-11-22T05:00:00.000Z';
const step = (id: number, status: StepSummary['status']): StepSummary => ({
  stepId: `step_${id}`,
  name: 'charge',
  status,
  attempt: 1,
  createdAt: instant,
  startedAt: instant,
  completedAt: null,
  retryAfter: null,
  error: null,
  attempts: [],
});

/** Steps in pages of two. */
function stepsAs(...statuses: StepSummary['status'][]) {
  const asked: (string | undefined)[] = [];
  const load = async (cursor: string | undefined): Promise<Page<StepSummary>> => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const hasMore = from + 2 < statuses.length;
    return {
      data: statuses.slice(from, from + 2).map((status, index) => step(from + index, status)),
      cursor: hasMore ? String(from + 2) : null,
      hasMore,
    };
  };
  return { asked, load, statuses };
}

describe('the steps of a run', () => {
  it('are asked for again from the first page that can still change', async () => {
    const { asked, load, statuses } = stepsAs('completed', 'failed', 'completed', 'running', 'completed');
    const first = await readSteps(undefined, { more: false, over: false }, load);
    asked.length = 0;
    statuses[3] = 'completed';
    const again = await readSteps(first, { more: false, over: false }, load);
    expect(asked).toEqual(['2', '4']);
    expect(stepsOf(again).data.map(({ status }) => status)).toEqual(['completed', 'failed', 'completed', 'completed', 'completed']);
  });

  it('are all read once more when the run is over, and never after that', async () => {
    const { asked, load } = stepsAs('completed', 'completed', 'completed');
    const open = await readSteps(undefined, { more: false, over: false }, load);
    asked.length = 0;
    const over = await readSteps(open, { more: false, over: true }, load);
    expect(asked).toEqual([undefined, '2']);
    asked.length = 0;
    await readSteps(over, { more: false, over: true }, load);
    expect(asked).toEqual([]);
  });

  it('stop after some pages and say so, and go on when more is asked for', async () => {
    const { asked, load } = stepsAs(...Array.from({ length: 30 }, () => 'completed' as const));
    const first = await readSteps(undefined, { more: false, over: true }, load);
    expect(stepsOf(first)).toMatchObject({ hasMore: true });
    expect(stepsOf(first).data).toHaveLength(20);
    asked.length = 0;
    const more = await readSteps(first, { more: true, over: true }, load);
    expect(asked[0]).toBe('20');
    expect(stepsOf(more).data).toHaveLength(30);
    expect(stepsOf(more).hasMore).toBe(false);
  });
});
