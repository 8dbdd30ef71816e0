import type { PageOf } from '../operate/pages.ts';

/** Every entry of a list that is read by pages; `onRead` is told how many each page had. */
export async function allPages<T>(
  read: (cursor: string | undefined) => Promise<PageOf<T>>,
  onRead: (entries: number) => void = () => {},
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await read(cursor);
    items.push(...page.data);
    onRead(page.data.length);
    if (!page.hasMore || page.cursor === null) return items;
    ({ cursor } = page);
  }
}
