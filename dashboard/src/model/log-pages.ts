import type { Event, Page } from '../api/types.ts';

export type LogOrder = 'asc' | 'desc';

/** The part of a log that was read, in its order. */
export interface LogPages {
  readonly events: readonly Event[];
  /** Where the next page begins, also one that is yet to be written. */
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

export interface ReadLog {
  readonly order: LogOrder;
  /** A further page is asked for, not only what was written since. */
  readonly more: boolean;
}

type Load = (cursor: string | undefined) => Promise<Page<Event>>;

/** So many pages are read to catch up with what was written since. */
const mostToCatchUp = 5;

/** Reads on where it was left. An event is never written anew, so nothing is read twice. */
export async function readLog(before: LogPages | undefined, { order, more }: ReadLog, load: Load): Promise<LogPages> {
  if (!before) return appended({ events: [], cursor: null, hasMore: true }, load);
  if (order === 'desc') {
    const now = await withNewest(before, load);
    return more && now.hasMore ? appended(now, load) : now;
  }
  if (before.hasMore) return more ? appended(before, load) : before;
  let now = await appended(before, load);
  for (let page = 1; page < mostToCatchUp && now.hasMore; page += 1) now = await appended(now, load);
  return now;
}

async function appended({ events, cursor }: LogPages, load: Load): Promise<LogPages> {
  const page = await load(cursor ?? undefined);
  return { events: [...events, ...page.data], cursor: page.cursor ?? cursor, hasMore: page.hasMore };
}

/** With what was written since on top; where that is too much, begins anew at the top, since a log with a gap would lie. */
async function withNewest(before: LogPages, load: Load): Promise<LogPages> {
  const known = before.events[0]?.eventId;
  let top: LogPages = { events: [], cursor: null, hasMore: true };
  for (let page = 0; page < mostToCatchUp && top.hasMore; page += 1) {
    top = await appended(top, load);
    const at = top.events.findIndex(({ eventId }) => eventId === known);
    if (at >= 0) return { ...before, events: [...top.events.slice(0, at), ...before.events] };
  }
  return top;
}
