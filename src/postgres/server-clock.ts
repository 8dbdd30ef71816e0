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
    const offset = serverMs - (sentAt + error);
    // The server's clock was set, or this host slept and its clock did not count it.
    const jumped = this.#offset !== undefined && Math.abs(offset - this.#offset) > error + this.#error + slackMs;
    if (error > this.#error && at - this.#seenAt < believedForMs && !jumped) return;
    this.#offset = offset;
    this.#error = error;
    this.#seenAt = at;
  }
}

const believedForMs = 60_000;
const slackMs = 20;
