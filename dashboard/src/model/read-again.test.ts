import { describe, expect, it } from 'vitest';
import type { Page, RunSummary } from '../api/types.ts';
import { readAgain } from './read-again.ts';
import { listOf, run } from './run-list.examples.ts';

/** Runs in pages of two, the newest first. */
function database(...ats: number[]) {
  const asked: (string | undefined)[] = [];
  const load = async (cursor: string | undefined): Promise<Page<RunSummary>> => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const hasMore = from + 2 < ats.length;
    return { data: ats.slice(from, from + 2).map((at) => run(at, 'completed')), cursor: hasMore ? String(from + 2) : null, hasMore };
  };
  return { asked, load };
}

describe('a list of runs that is read again', () => {
  it('is renewed down to the last run that is shown, also on further pages', async () => {
    const { asked, load } = database(70, 60, 50, 40, 30, 20, 10);
    const again = await readAgain(listOf(60, 50, 40), undefined, load);
    expect(again.runs.map(({ runId, status }) => `${runId} ${status}`)).toEqual([70, 60, 50, 40].map((at) => `run-${at} completed`));
    expect(again).toMatchObject({ cursor: '4', hasMore: true });
    expect(asked).toEqual([undefined, '2']);
  });

  it('is its first page when nothing is shown yet', async () => {
    const { asked, load } = database(30, 20, 10);
    expect((await readAgain(undefined, undefined, load)).runs).toHaveLength(2);
    expect(asked).toEqual([undefined]);
  });

  it('ends where the runs end', async () => {
    const again = await readAgain({ ...listOf(50, 40, 30, 5), hasMore: false }, undefined, database(50, 40, 30).load);
    expect(again).toMatchObject({ cursor: null, hasMore: false });
    expect(again.runs).toHaveLength(3);
  });

  it('is read as far in a list that begins with the oldest', async () => {
    const { asked, load } = database(10, 20, 30, 40, 50);
    await readAgain(listOf(10, 20, 30), 'asc', load);
    expect(asked).toEqual([undefined, '2']);
  });
});
