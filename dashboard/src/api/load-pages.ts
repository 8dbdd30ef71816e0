import type { Page } from './types.ts';

/** The beginning of a list, and whether there is more of it. */
export interface Many<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
}

/** All there is of a list, up to a number of pages. */
export async function loadPages<T>(most: number, load: (cursor: string | undefined) => Promise<Page<T>>): Promise<Many<T>> {
  const data: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < most; page += 1) {
    const next = await load(cursor);
    data.push(...next.data);
    if (!next.hasMore || next.cursor === null) return { data, hasMore: false };
    cursor = next.cursor;
  }
  return { data, hasMore: true };
}
