import type { z } from 'zod';
import { decodeFields } from '../base/codec.ts';
import { payloadFields } from '../world/event-fields.ts';
import { renderEventId } from '../world/event-view.ts';
import { decodeCursor, encodeCursor } from '../world/cursor.ts';
import type { EventRow } from '../world/rows.ts';
import { expectScope } from './caller.ts';
import type { Operator } from './operator.ts';
import { cursorNumber, type PageOf, type PageQuery } from './pages.ts';
import { noPayload, type Payload, PayloadReader } from './payload.ts';
import { toReadable } from './readable.ts';
import { findRun, instant } from './run-views.ts';
import type { eventSchema } from './schemas/runs.ts';

export type ShownEvent = z.infer<typeof eventSchema>;

/** The log of a run, the oldest event first; at its end the cursor goes on with what is written later. */
export async function listEvents(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<ShownEvent>> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const { limit = 100, cursor, order = 'asc' } = query;
  const after = cursorNumber(decodeCursor('log', cursor, ['number'])?.[0]);
  const rows = await (await operator.store()).listEvents({ runId, after, order, limit: limit + 1, payloads: true });
  const shown = rows.slice(0, limit);
  const reader = new PayloadReader(operator, run);
  const end = shown.at(-1)?.seq ?? after;
  const hasMore = rows.length > limit;
  return {
    data: await Promise.all(shown.map((row) => viewEvent(reader, row))),
    cursor: end === undefined || (order === 'desc' && !hasMore) ? null : encodeCursor('log', [end]),
    hasMore,
  };
}

async function viewEvent(reader: PayloadReader, row: EventRow): Promise<ShownEvent> {
  return {
    eventId: renderEventId(row.runId, row.seq, row.createdAt),
    eventType: row.type,
    at: instant(row.createdAt),
    correlationId: row.correlationId,
    data: await viewData(reader, row),
  };
}

/** The small fields and the large one of an event as one value. */
async function viewData(reader: PayloadReader, { type, meta, payload }: EventRow): Promise<Payload> {
  const small = meta === null ? {} : withoutToken(decodeFields(meta));
  const field = payload === null ? undefined : payloadFields[type];
  const large = field === undefined ? undefined : await reader.read(payload as Uint8Array);
  if (large && 'state' in large && Object.keys(small).length === 0) return large;
  if (field === undefined && Object.keys(small).length === 0) return noPayload;
  const value = large && ('state' in large ? `(${large.state})` : large.value);
  const { json, truncated } = toReadable(field === undefined ? small : { ...small, [field]: value });
  const shown = reader.redact(json, type.endsWith('failed') ? 'error' : 'event');
  return shown === undefined ? { state: 'redacted' } : { state: 'value', json: shown, truncated };
}

function withoutToken(fields: Record<string, unknown>): Record<string, unknown> {
  return typeof fields['token'] === 'string' ? { ...fields, token: tokenHint(fields['token']) } : fields;
}

/** Enough to tell tokens apart, never enough to use one. */
export function tokenHint(token: string): string {
  const shown = token.startsWith('sha256:') ? token.slice(0, 13) : token.slice(0, Math.min(4, Math.floor(token.length / 4)));
  return `${shown}…`;
}
