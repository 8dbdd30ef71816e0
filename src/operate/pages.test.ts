import { describe, expect, it } from 'vitest';
import { pageOfAll, type PageQuery } from './pages.ts';

describe('a page of a list that is read whole', () => {
  it.each([
    { order: undefined, pages: [[1, 2], [3, 4], [5]] },
    { order: 'asc', pages: [[1, 2], [3, 4], [5]] },
    { order: 'desc', pages: [[5, 4], [3, 2], [1]] },
  ] as const)('follows the one before, to the end: order $order', ({ order, pages }) => {
    const rows = [1, 2, 3, 4, 5];
    const read: (readonly number[])[] = [];
    let cursor: string | undefined;
    do {
      const page = pageOfAll('numbers', rows, { limit: 2, order, cursor });
      expect(page.hasMore).toBe(page.cursor !== null);
      read.push(page.data);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    expect(read).toEqual(pages);
  });

  it.each(['asc', 'desc'] as const)('repeats nothing and leaves nothing out when the list grows meanwhile: order %s', (order) => {
    const first = pageOfAll('numbers', [1, 2, 3], { limit: 2, order });
    const rest = pageOfAll('numbers', [1, 2, 3, 4], { limit: 10, order, cursor: String(first.cursor) });
    expect([...first.data, ...rest.data]).toEqual(order === 'asc' ? [1, 2, 3, 4] : [3, 2, 1]);
  });

  it.each([-1, 0, 9, 1.5])('is one of the list also for a cursor that was made up: %j', (key) => {
    const cursor = Buffer.from(JSON.stringify(['numbers', key])).toString('base64url');
    for (const order of ['asc', 'desc'] as const satisfies PageQuery['order'][]) {
      const read = () => pageOfAll('numbers', [1, 2, 3], { order, cursor }).data.every((row) => row > 0);
      if (Number.isInteger(key)) expect(read()).toBe(true);
      else expect(read).toThrow(/begin again/);
    }
  });

  it('is empty where the list is', () => {
    expect(pageOfAll('numbers', [], { order: 'desc' })).toEqual({ data: [], cursor: null, hasMore: false });
  });
});
