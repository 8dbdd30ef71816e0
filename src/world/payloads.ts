import { decodeValue } from '../base/codec.ts';
import { payloadFields } from './event-fields.ts';
import type { EventLogCache } from './event-log.ts';
import { ownCopy } from './own-copy.ts';
import type { Store } from './port.ts';

/** The payload that one event of a run carries, as a value of the caller's own; undefined where it carries none. */
export async function readPayload(store: Store, log: EventLogCache, runId: string, seq: number | null): Promise<unknown> {
  if (seq === null) return undefined;
  const event = log.find(runId, seq);
  const field = event && payloadFields[event.eventType];
  if (event && field && 'eventData' in event) return ownCopy((event.eventData as Record<string, unknown>)[field]);
  const [payload] = await store.readPayloads([{ runId, seq }]);
  return payload && decodeValue(payload);
}

/** The payloads of several events at once, keyed by the sequence; the run of each is the row's. */
export async function readPayloadsOf(
  store: Store,
  keys: readonly { readonly runId: string; readonly seq: number | null }[],
): Promise<unknown[]> {
  const wanted = keys.flatMap(({ runId, seq }) => (seq === null ? [] : [{ runId, seq }]));
  const found = wanted.length > 0 ? await store.readPayloads(wanted) : [];
  let next = 0;
  return keys.map(({ seq }) => {
    const payload = seq === null ? undefined : found[next++];
    return payload && decodeValue(payload);
  });
}
