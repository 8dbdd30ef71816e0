import type { PageOf } from '../operate/pages.ts';

/** Every entry of a list that is read by pages. */
export async function allPages<T>(read: (cursor: string | undefined) => Promise<PageOf<T>>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await read(cursor);
    items.push(...page.data);
    if (!page.hasMore || page.cursor === null) return items;
    ({ cursor } = page);
  }
}
