import { decodeValue } from '../base/codec.ts';
import type { Opened } from './context.ts';
import { payloadFields } from './event-fields.ts';
import type { EventLogCache } from './event-log.ts';
import { ownCopy } from './own-copy.ts';

/** The payload that one event of a run carries, as a value of the caller's own; undefined where it carries none. */
export async function readPayload(opened: Opened, runId: string, seq: number | null): Promise<unknown> {
  if (seq === null) return undefined;
  const known = knownPayload(opened.log, runId, seq);
  return known ? known.value : (await readPayloadsOf(opened, [{ runId, seq }]))[0];
}

/** The payloads of several events at once, in order; what this process has of a log need not be asked for, because logs only grow. */
export async function readPayloadsOf({ store, log }: Opened, keys: readonly PayloadKey[]): Promise<unknown[]> {
  const known = keys.map(({ runId, seq }) => (seq === null ? { value: undefined } : knownPayload(log, runId, seq)));
  const missing = keys.flatMap(({ runId, seq }, index) => (seq === null || known[index] ? [] : [{ runId, seq }]));
  const found = missing.length > 0 ? await store.readPayloads(missing) : [];
  let next = 0;
  return known.map((payload) => {
    if (payload) return payload.value;
    const bytes = found[next++];
    return bytes && decodeValue(bytes);
  });
}

interface PayloadKey {
  readonly runId: string;
  readonly seq: number | null;
}

function knownPayload(log: EventLogCache, runId: string, seq: number): { readonly value: unknown } | undefined {
  const event = log.find(runId, seq);
  const field = event && payloadFields[event.eventType];
  if (!event || !field || !('eventData' in event)) return undefined;
  return { value: ownCopy((event.eventData as Record<string, unknown>)[field]) };
}
