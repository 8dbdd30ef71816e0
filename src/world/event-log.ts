import type { Event } from '@workflow/world';
import { viewEvent } from './event-view.ts';
import { ownEvent } from './own-copy.ts';
import type { Store } from './port.ts';
import type { EventRow } from './rows.ts';

interface CachedLog {
  /** As committed here; decoded when first read. */
  readonly events: (EventRow | Event)[];
  /** So many of them are committed; those behind are only foreseen. */
  certain: number;
  bytes: number;
  foreseenBytes: number;
}

const maxBytes = 64 * 2 ** 20;
const bytesPerEvent = 400;
const pageSize = 1_000;

/**
 * The logs of the runs that this process works on, decoded once: a replay reads the whole log each time, and only its tail is new (K6).
 * What is certain of a cached log is always a prefix of the stored one, because sequences are dense and it grows only by the next one. What
 * is foreseen (ADR 17) is behind that, and shown to those only who ask for it.
 */
export class EventLogCache {
  readonly #store: Store;
  // In order of use: the first is the one to forget.
  readonly #logs = new Map<string, CachedLog>();
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Everything that is certain, up to at least `lastSeq`, as an array and events of the caller's own. */
  async read(runId: string, lastSeq: number): Promise<Event[]> {
    const log = this.#use(runId);
    while (log.certain < lastSeq) {
      this.#dropForeseen(runId, log);
      const rows = await this.#store.listEvents({ runId, after: log.events.length, order: 'asc', limit: pageSize, payloads: true });
      if (rows.length === 0) break;
      this.#dropForeseen(runId, log);
      for (const row of rows) this.#grow(runId, log, row);
    }
    this.#trim(runId);
    return Array.from({ length: log.certain }, (_, index) => ownEvent(decoded(log, index)));
  }

  /** Everything up to `lastSeq`, also what is only foreseen; undefined where that is not all here. */
  readForeseen(runId: string, lastSeq: number): Event[] | undefined {
    const log = this.#logs.get(runId);
    if (!log || log.events.length < lastSeq) return undefined;
    return Array.from({ length: lastSeq }, (_, index) => ownEvent(decoded(log, index)));
  }

  /** Takes over what this process just committed, or is about to, if it is the next event of a log it has. */
  append(row: EventRow, { foreseen = false } = {}): void {
    const log = this.#logs.get(row.runId);
    if (log && (foreseen || log.certain === log.events.length)) this.#grow(row.runId, log, row, foreseen);
    else if (!log && row.seq === 1) this.#grow(row.runId, this.#use(row.runId), row, foreseen);
    this.#trim(row.runId);
  }

  /** What was foreseen up to this event has come true. */
  confirm(runId: string, seq: number): void {
    const log = this.#logs.get(runId);
    if (!log || seq > log.events.length) return;
    log.certain = Math.max(log.certain, seq);
    if (log.certain === log.events.length) log.foreseenBytes = 0;
  }

  /** The event at this place, if it is certain here. */
  find(runId: string, seq: number): Event | undefined {
    const log = this.#logs.get(runId);
    return log && seq <= log.certain ? decoded(log, seq - 1) : undefined;
  }

  forget(runId: string): void {
    const log = this.#logs.get(runId);
    if (!log) return;
    this.#bytes -= log.bytes;
    this.#logs.delete(runId);
  }

  #use(runId: string): CachedLog {
    const log = this.#logs.get(runId) ?? { events: [], certain: 0, bytes: 0, foreseenBytes: 0 };
    this.#logs.delete(runId);
    this.#logs.set(runId, log);
    return log;
  }

  #grow(runId: string, log: CachedLog, row: EventRow, foreseen = false): void {
    if (row.seq !== log.events.length + 1) return;
    log.events.push(row);
    if (!foreseen) log.certain = row.seq;
    // A log that was forgotten while it was being read still serves its reader, but counts no more.
    if (this.#logs.get(runId) !== log) return;
    const bytes = bytesPerEvent + (row.payload?.length ?? 0);
    log.bytes += bytes;
    this.#bytes += bytes;
    if (foreseen) log.foreseenBytes += bytes;
  }

  /** It comes again with what really came. */
  #dropForeseen(runId: string, log: CachedLog): void {
    log.events.length = log.certain;
    if (this.#logs.get(runId) !== log) return;
    log.bytes -= log.foreseenBytes;
    this.#bytes -= log.foreseenBytes;
    log.foreseenBytes = 0;
  }

  #trim(keep: string): void {
    for (const runId of this.#logs.keys()) {
      if (this.#bytes <= maxBytes) return;
      if (runId !== keep) this.forget(runId);
    }
  }
}

function decoded(log: CachedLog, index: number): Event {
  const entry = log.events[index] as EventRow | Event;
  if ('eventId' in entry) return entry;
  const event = viewEvent(entry);
  log.events[index] = event;
  return event;
}
