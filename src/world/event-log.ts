import type { Event } from '@workflow/world';
import type { Clock } from '../base/clock.ts';
import { RecentlyUsed } from '../base/recently-used.ts';
import { viewEvent } from './event-view.ts';
import { ownEvent } from './own-copy.ts';
import type { Store } from './port.ts';
import type { EventRow } from './rows.ts';

interface CachedLog {
  /** As committed here; decoded when first read. */
  readonly events: (EventRow | Event)[];
  /** So many of them are committed; those behind are only foreseen. */
  certain: number;
  foreseenBytes: number;
}

const bytesPerEvent = 400;
const pageSize = 1_000;

/**
 * The logs of the runs that this process works on, decoded once: a replay reads the whole log each time, and only its tail is new (K6).
 * What is certain of a cached log is always a prefix of the stored one, because sequences are dense and it grows only by the next one. What
 * is foreseen (ADR 17) is behind that, and shown to those only who ask for it.
 */
export class EventLogCache {
  readonly #store: Store;
  readonly #logs: RecentlyUsed<CachedLog>;

  constructor(store: Store, clock: Pick<Clock, 'monotonic'>) {
    this.#store = store;
    // A run that ends elsewhere is not told of here, and one that sleeps is not worth the memory: so they are forgotten after a minute.
    this.#logs = new RecentlyUsed({ maxWeight: 64 * 2 ** 20, idleMs: 60_000, clock });
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
    return Array.from({ length: log.certain }, (_, index) => ownEvent(decoded(log, index)));
  }

  /** Everything up to `lastSeq`, also what is only foreseen; undefined where that is not all here. */
  readForeseen(runId: string, lastSeq: number): Event[] | undefined {
    const log = this.#logs.use(runId);
    if (!log || log.events.length < lastSeq) return undefined;
    return Array.from({ length: lastSeq }, (_, index) => ownEvent(decoded(log, index)));
  }

  /** Takes over what this process just committed, or is about to, if it is the next event of a log it has. */
  append(row: EventRow, { foreseen = false } = {}): void {
    const log = this.#logs.peek(row.runId);
    if (log && (foreseen || log.certain === log.events.length)) this.#grow(row.runId, log, row, foreseen);
    else if (!log && row.seq === 1) this.#grow(row.runId, this.#use(row.runId), row, foreseen);
  }

  /** What was foreseen up to this event has come true. */
  confirm(runId: string, seq: number): void {
    const log = this.#logs.peek(runId);
    if (!log || seq > log.events.length) return;
    log.certain = Math.max(log.certain, seq);
    if (log.certain === log.events.length) log.foreseenBytes = 0;
  }

  /** The event at this place, if it is certain here. */
  find(runId: string, seq: number): Event | undefined {
    const log = this.#logs.peek(runId);
    return log && seq <= log.certain ? decoded(log, seq - 1) : undefined;
  }

  forget(runId: string): void {
    this.#logs.forget(runId);
  }

  #use(runId: string): CachedLog {
    const known = this.#logs.use(runId);
    if (known) return known;
    const log: CachedLog = { events: [], certain: 0, foreseenBytes: 0 };
    this.#logs.put(runId, log, 0);
    return log;
  }

  #grow(runId: string, log: CachedLog, row: EventRow, foreseen = false): void {
    if (row.seq !== log.events.length + 1) return;
    log.events.push(row);
    if (!foreseen) log.certain = row.seq;
    // A log that was forgotten while it was being read still serves its reader, but counts no more.
    if (this.#logs.peek(runId) !== log) return;
    const bytes = bytesPerEvent + (row.payload?.length ?? 0);
    this.#logs.weigh(runId, bytes);
    if (foreseen) log.foreseenBytes += bytes;
  }

  /** It comes again with what really came. */
  #dropForeseen(runId: string, log: CachedLog): void {
    log.events.length = log.certain;
    if (this.#logs.peek(runId) !== log) return;
    this.#logs.weigh(runId, -log.foreseenBytes);
    log.foreseenBytes = 0;
  }
}

function decoded(log: CachedLog, index: number): Event {
  const entry = log.events[index] as EventRow | Event;
  if ('eventId' in entry) return entry;
  const event = viewEvent(entry);
  log.events[index] = event;
  return event;
}
