import { accessSync } from 'node:fs';
import { Worker as Thread } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import type { ThreadBeat } from '../world/thread-beat.ts';

export interface HeartbeatThreadOptions {
  readonly beat: ThreadBeat;
  /** The system's: a thread knows no other one. */
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** How long it stands in for an event loop; 30 leases by default. */
  readonly patienceMs?: number;
}

const patienceLeases = 30;
// Longer than the thread waits for its database.
const endsWithinMs = 6_000;

/**
 * Keeps the leases of this process alive while its event loop stands still: in the replay of a large run, or in a step that computes (ADR 18).
 * A thread of its own knows when the store last heard of each worker, and tells it by itself once that is overdue. It does so for `patienceMs`
 * in a row: a loop that never comes back must not keep its work for ever. A process that dies or is stopped takes the thread with it.
 */
export class HeartbeatThread {
  readonly #options: HeartbeatThreadOptions;
  #thread: Thread | 'none' | undefined;

  constructor(options: HeartbeatThreadOptions) {
    this.#options = options;
  }

  /** The store has heard of this worker at that instant of the monotonic clock, by default just now. The first word starts the thread. */
  heard(workerId: string, at: number = this.#options.clock.monotonic()): void {
    this.#thread ??= this.#start();
    this.#post({ workerId, at });
  }

  /** This name is used no more, or holds nothing that others must not have. */
  forget(workerId: string): void {
    this.#post({ workerId });
  }

  /**
   * Resolves when the thread has ended; it is told to, and ends what it is at. It is never terminated: a thread that is cut off in the middle
   * of SQLite's own code takes the whole process with it. One that does not come back from there is left to the end of the process.
   */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = 'none';
    if (!(thread instanceof Thread)) return;
    const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage('end');
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, endsWithinMs)));
    await Promise.race([ended, patience]);
    clearTimeout(timer);
  }

  #post(word: { readonly workerId: string; readonly at?: number }): void {
    if (this.#thread instanceof Thread) this.#thread.postMessage(word);
  }

  #start(): Thread | 'none' {
    const { beat, leaseMs, logger, patienceMs = patienceLeases * leaseMs } = this.#options;
    const without = (error: unknown) => {
      this.#thread = 'none';
      logger.warn(
        `What blocks the event loop for longer than ${leaseMs} ms loses its lease, for there is no thread: ${describeError(error)}`,
      );
      return 'none' as const;
    };
    try {
      // The thread loads it when it is needed first: too late to be told that a bundler left it out.
      accessSync(new URL(beat.module));
      const thread = new Thread(new URL('./heartbeat-thread-program.js', import.meta.url), {
        // Half a lease without a word: late enough for a beat that is merely slow, early enough for several attempts.
        workerData: { beat, leaseMs, lookEveryMs: leaseMs / 6, overdueMs: leaseMs / 2, patienceMs },
        name: 'pawl heartbeat',
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
      });
      thread.on('error', without);
      thread.on('exit', () => (this.#thread = 'none'));
      thread.unref();
      return thread;
    } catch (error) {
      return without(error);
    }
  }
}
