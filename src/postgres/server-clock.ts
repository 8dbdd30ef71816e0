import type { Clock } from '../base/clock.ts';

/**
 * The time of the database, told by a clock of this host that never jumps (decisions A6): hosts whose clocks differ agree on what is due.
 * Each answer of the server says its time; the one that took the shortest way within the last while is believed.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offset: number | undefined;
  #error = Infinity;
  #seenAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    // Before the first answer there is nothing better than this host's own.
    if (this.#offset === undefined) return this.#clock.now();
    return Math.round(this.#clock.monotonic() + this.#offset);
  }

  /** The server said `serverMs` in answer to what was sent at `sentAt`, by the monotonic clock. */
  observe(serverMs: number, sentAt: number): void {
    const at = this.#clock.monotonic();
    const error = (at - sentAt) / 2;
    if (error > this.#error && at - this.#seenAt < believedForMs) return;
    this.#offset = serverMs - (sentAt + error);
    this.#error = error;
    this.#seenAt = at;
  }

  /** True when the last observation is so old that an idle process should ask. */
  get stale(): boolean {
    return this.#clock.monotonic() - this.#seenAt > believedForMs;
  }
}

const believedForMs = 60_000;
