import type { Event } from '@workflow/world';

/** A copy that shares nothing with the original: the SDK changes what it is given, and transfers buffers away (spec/world.md 0.14, K6). */
export function ownCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Date) return new Date(value.getTime());
  return structuredClone(value);
}

// Called for every event of every replay: plain loops, no entries.
export function ownEvent(event: Event): Event {
  const copy: Record<string, unknown> = { ...event, createdAt: new Date(event.createdAt.getTime()) };
  if (event.occurredAt) copy['occurredAt'] = new Date(event.occurredAt.getTime());
  if ('eventData' in event && event.eventData) copy['eventData'] = ownFields(event.eventData);
  return copy as Event;
}

export function ownFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...fields };
  for (const name in copy) {
    const value = copy[name];
    if (typeof value === 'object' && value !== null) copy[name] = ownCopy(value);
  }
  return copy;
}
