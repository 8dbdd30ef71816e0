import type { Event } from '@workflow/world';

/** A copy that shares nothing with the original: the SDK changes what it is given, and transfers buffers away (spec/world.md 0.14, K6). */
export function ownCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Date) return new Date(value);
  return structuredClone(value);
}

export function ownEvent(event: Event): Event {
  const copy: Record<string, unknown> = { ...event, createdAt: new Date(event.createdAt) };
  if (event.occurredAt) copy['occurredAt'] = new Date(event.occurredAt);
  if ('eventData' in event && event.eventData) copy['eventData'] = ownFields(event.eventData);
  return copy as Event;
}

export function ownFields(fields: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) copy[name] = ownCopy(value);
  return copy;
}
