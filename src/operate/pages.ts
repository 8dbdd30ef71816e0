import { decodeCursor, encodeCursor } from '../world/cursor.ts';
import { invalid } from './errors.ts';
import type { Order, Page } from '../world/page-queries.ts';

export interface PageOf<T> {
  readonly data: readonly T[];
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: Order | undefined;
}

const usualLimit = 50;

/** A number out of a cursor, which may have been made up. */
export function cursorNumber(value: string | number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value)) throw invalid('The cursor was not given out by this list; begin again without one.');
  return Number(value);
}

/** PostgreSQL knows no NUL in a text, and no id has one. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '');
}

type Key = { readonly at: number; readonly id: string };

/** A page of a list that is ordered by an instant, then an id. */
export async function pageByInstant<R, T>(
  list: string,
  { limit = usualLimit, cursor, order = 'desc' }: PageQuery,
  {
    read,
    keyOf,
    view,
  }: {
    readonly read: (page: Page<Key>) => Promise<readonly R[]>;
    readonly keyOf: (row: R) => Key;
    readonly view: (rows: readonly R[]) => Promise<readonly T[]> | readonly T[];
  },
): Promise<PageOf<T>> {
  const given = decodeCursor(list, cursor, ['number', 'string']);
  const after = given && { at: cursorNumber(given[0]) ?? 0, id: cleanText(String(given[1])) };
  const rows = await read({ after, order, limit: limit + 1 });
  const last = rows[limit - 1];
  const hasMore = rows.length > limit;
  const key = hasMore && last !== undefined ? keyOf(last) : undefined;
  return { data: await view(rows.slice(0, limit)), cursor: key ? encodeCursor(list, [key.at, key.id]) : null, hasMore };
}

/** A page of a list that is read whole, because it is short; `desc` begins at its end. */
export function pageOfAll<R>(list: string, rows: readonly R[], { limit = usualLimit, cursor, order = 'asc' }: PageQuery): PageOf<R> {
  // In both orders a place from the beginning, where nothing is added: a list that grows moves no page.
  const place = cursorNumber(decodeCursor(list, cursor, ['number'])?.[0]) ?? (order === 'asc' ? 0 : rows.length);
  const from = Math.min(Math.max(0, place), rows.length);
  const to = order === 'asc' ? Math.min(from + limit, rows.length) : Math.max(from - limit, 0);
  const data = order === 'asc' ? rows.slice(from, to) : rows.slice(to, from).toReversed();
  const hasMore = to !== (order === 'asc' ? rows.length : 0);
  return { data, cursor: hasMore ? encodeCursor(list, [to]) : null, hasMore };
}
