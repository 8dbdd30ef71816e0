import type { Event } from '@workflow/world';
import { parseUlid, renderUlid } from '../base/ulid.ts';
import { decodeFields, decodeValue } from '../base/codec.ts';
import { fnv1a } from '../base/hash.ts';
import { payloadFields } from './event-fields.ts';
import type { EventRow } from './rows.ts';

const prefix = 'evnt_';

/**
 * Rendered from the sequence, never stored: `evnt_` and a ULID of the instant, 40 bits of sequence and 40 bits of the run, so that ids sort
 * like the log, decode as times, and differ between runs (decisions A7).
 */
export function renderEventId(runId: string, seq: number, createdAt: number): string {
  return prefix + renderUlid({ ms: createdAt, high40: seq, low40: runBits(runId) });
}

/** The sequence inside an event id, or undefined if it is not an id of this run. */
export function eventSeq(runId: string, eventId: string): number | undefined {
  const parts = eventId.startsWith(prefix) ? parseUlid(eventId.slice(prefix.length)) : undefined;
  return parts?.low40 === runBits(runId) ? parts.high40 : undefined;
}

/** The event as the SDK reads it: fresh objects, real dates, real bytes (spec/world.md 0.13). */
export function viewEvent(row: EventRow): Event {
  const data = viewData(row);
  return {
    runId: row.runId,
    eventId: renderEventId(row.runId, row.seq, row.createdAt),
    eventType: row.type,
    ...(row.correlationId === null ? {} : { correlationId: row.correlationId }),
    ...(data === undefined ? {} : { eventData: data }),
    createdAt: new Date(row.createdAt),
    ...(row.occurredAt === null ? {} : { occurredAt: new Date(row.occurredAt) }),
    specVersion: row.specVersion,
  } as Event;
}

function viewData({ type, meta, payload }: EventRow): Record<string, unknown> | undefined {
  const field = payloadFields[type];
  const small = meta === null ? undefined : decodeFields(meta);
  if (payload === null || field === undefined) return small;
  return { ...small, [field]: decodeValue(payload) };
}

let lastBits = { runId: '', bits: 0 };

function runBits(runId: string): number {
  // A log is rendered event by event, so the run is nearly always the one before.
  if (lastBits.runId !== runId) {
    // Two hashes, because 32 bits are fewer than 40 and collide sooner.
    lastBits = { runId, bits: fnv1a(runId) * 256 + (fnv1a(`${runId}#`) & 0xff) };
  }
  return lastBits.bits;
}
