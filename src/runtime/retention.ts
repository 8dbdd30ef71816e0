import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import type { EndedBefore, Outcomes, Store } from '../world/port.ts';
import type { Retention } from './settings.ts';

export interface RetentionSweeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retention: Retention;
}

// About 10 ms of the one writer that SQLite has: whoever writes meanwhile does not notice.
const batchRows = 500;
// A twentieth of a worker's time, so that it slows down with a database that is busy; but whoever stays behind for minutes, so that tables
// grow for as long as the database is busy, takes more and more of it, up to a quarter.
const pauseShare = 19;
const leastPauseShare = 3;
const patienceMs = 60_000;
const shortestPauseMs = 100;
const longestPauseMs = 2_000;
const idlePauseMs = 60_000;

/** Deletes what is kept no longer, a small batch at a time with pauses between; any number of workers may do it at once. */
export class RetentionSweeper {
  readonly #options: RetentionSweeperOptions;
  #state: 'new' | 'started' | 'stopped' = 'new';
  #cancel = () => {};
  #behindSince: number | undefined;
  #underway: Promise<void> = Promise.resolve();

  constructor(options: RetentionSweeperOptions) {
    this.#options = options;
  }

  /** Idempotent. Does nothing where everything is kept. */
  start(): void {
    const keepsAll = Object.values(this.#options.retention).every((keptMs) => keptMs === null);
    if (this.#state !== 'new' || keepsAll) return;
    this.#state = 'started';
    this.#schedule(longestPauseMs);
  }

  /** Resolves when no batch is under way any more. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancel();
    await this.#underway;
  }

  #schedule(delayMs: number): void {
    if (this.#state === 'stopped') return;
    const { clock } = this.#options;
    this.#cancel = clock.after(delayMs, () => {
      const began = clock.monotonic();
      this.#underway = this.#sweep().then((more) => this.#schedule(more ? this.#pauseAfter(began) : this.#rest()));
    });
  }

  #pauseAfter(began: number): number {
    const now = this.#options.clock.monotonic();
    this.#behindSince ??= began;
    const share = Math.max(leastPauseShare, pauseShare / 2 ** Math.floor((now - this.#behindSince) / patienceMs));
    return Math.min(longestPauseMs, Math.max(shortestPauseMs, share * (now - began)));
  }

  #rest(): number {
    this.#behindSince = undefined;
    return idlePauseMs;
  }

  async #sweep(): Promise<boolean> {
    const { store, logger, retention } = this.#options;
    try {
      return (await pruneBatch(store, retention)).more;
    } catch (error) {
      logger.error(`Deleting runs that are kept no longer failed and will be repeated: ${describeError(error)}`);
      return false;
    }
  }
}

/** One small batch, in one short transaction or several. */
export async function pruneBatch(store: Store, retention: Retention): Promise<Outcomes['prune']> {
  const now = store.now();
  return await store.commit({ kind: 'prune', now, before: endedBefore(retention, now), maxRows: batchRows });
}

export function endedBefore(retention: Retention, now: number): EndedBefore {
  const before = (keptMs: number | null) => (keptMs === null ? null : now - keptMs);
  return { completed: before(retention.completed), failed: before(retention.failed), cancelled: before(retention.cancelled) };
}
