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
  /** Each tells of some of what is foreseen whether it came true. */
  readonly awaited: Set<Promise<boolean>>;
}

export interface ForeseenLog {
  /** As an array and events of the caller's own. */
  readonly events: Event[];
  /** Whether all of them came true. */
  readonly certain: Promise<boolean>;
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

  /** Everything there is, also what is only foreseen; undefined where that does not reach `lastSeq`. */
  readForeseen(runId: string, lastSeq: number): ForeseenLog | undefined {
    const log = this.#logs.use(runId);
    if (!log || log.events.length < lastSeq) return undefined;
    return {
      events: log.events.map((_, index) => ownEvent(decoded(log, index))),
      certain: Promise.all(log.awaited).then((all) => all.every(Boolean)),
    };
  }

  /**
   * Takes over what this process just committed to a run, if it is what comes next in a log it has. With `certain`: what it is about to commit,
   * which then comes true or not; where not, the log has to be forgotten before that is told.
   */
  append(runId: string, rows: readonly EventRow[], certain?: Promise<boolean>): void {
    const log = this.#logs.peek(runId) ?? (rows[0]?.seq === 1 ? this.#use(runId) : undefined);
    if (!log) return;
    if (certain) this.#foresee(runId, log, rows, certain);
    else if (log.certain === log.events.length) for (const row of rows) this.#grow(runId, log, row);
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
    const log: CachedLog = { events: [], certain: 0, foreseenBytes: 0, awaited: new Set() };
    this.#logs.put(runId, log, 0);
    return log;
  }

  #foresee(runId: string, log: CachedLog, rows: readonly EventRow[], certain: Promise<boolean>): void {
    for (const row of rows) this.#grow(runId, log, row, true);
    const end = log.events.length;
    if (end !== rows.at(-1)?.seq) return;
    log.awaited.add(certain);
    void certain.then((right) => {
      // What was dropped or forgotten meanwhile is not what came true, even if this did.
      if (!log.awaited.delete(certain) || !right || this.#logs.peek(runId) !== log) return;
      log.certain = Math.max(log.certain, end);
      if (log.certain === log.events.length) log.foreseenBytes = 0;
    });
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
    log.awaited.clear();
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
