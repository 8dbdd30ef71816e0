import { describe, expect, it } from 'vitest';
import { loadPages } from './load-pages.ts';
import type { Page } from './types.ts';

/** A list of numbers in pages of two. */
function listOf(count: number) {
  const asked: (string | undefined)[] = [];
  const load = async (cursor: string | undefined): Promise<Page<number>> => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const to = Math.min(from + 2, count);
    return {
      data: Array.from({ length: to - from }, (_, index) => from + index),
      cursor: to < count ? String(to) : null,
      hasMore: to < count,
    };
  };
  return { asked, load };
}

describe('a list that comes in pages', () => {
  it('is loaded whole where it is short enough, and then there is no more', async () => {
    const { load, asked } = listOf(5);
    expect(await loadPages(3, load)).toEqual({ data: [0, 1, 2, 3, 4], hasMore: false });
    expect(asked).toEqual([undefined, '2', '4']);
  });

  it('says that there is more where it stops before the end', async () => {
    expect(await loadPages(2, listOf(5).load)).toEqual({ data: [0, 1, 2, 3], hasMore: true });
  });
});
