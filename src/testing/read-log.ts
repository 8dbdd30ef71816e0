import type { Event, PaginatedResponse, PaginationOptions, World } from '@workflow/world';

/** The whole log of a run, oldest first, however small the pages of the World are. */
export async function readLog(world: World, runId: string): Promise<Event[]> {
  return readAllPages((pagination) => world.events.list({ runId, pagination: { sortOrder: 'asc', ...pagination } }));
}

/** The log of a run as `type` or `type:correlationId`. */
export async function logOf(world: World, runId: string): Promise<string[]> {
  return (await readLog(world, runId)).map(lineOf);
}

export function lineOf(event: Event): string {
  return event.correlationId === undefined ? event.eventType : `${event.eventType}:${event.correlationId}`;
}

export async function readAllPages<T>(
  list: (pagination: PaginationOptions) => Promise<PaginatedResponse<T>>,
  limit?: number,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await list({ ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) });
    items.push(...page.data);
    if (!page.hasMore) return items;
    if (page.cursor === null || page.cursor === cursor) throw new Error('A page with hasMore needs a cursor that moves on.');
    cursor = page.cursor;
  }
}

/** The data of an event without the union around it. */
export function dataOf(event: Event | undefined): Record<string, unknown> | undefined {
  return event && 'eventData' in event ? event.eventData : undefined;
}
