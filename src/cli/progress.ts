import { systemClock } from '../base/clock.ts';
import type { Session } from './session.ts';

export interface ProgressOptions {
  readonly what: string;
  readonly total: number;
}

const patienceMs = 2_000;
const barWidth = 30;

/** A bar for whoever waits longer than two seconds in front of a terminal. */
export class Progress {
  readonly #session: Session;
  readonly #options: ProgressOptions;
  readonly #since = systemClock.monotonic();
  #shown = false;

  constructor(session: Session, options: ProgressOptions) {
    this.#session = session;
    this.#options = options;
  }

  at(done: number): void {
    if (!this.#session.terminal || systemClock.monotonic() - this.#since < patienceMs) return;
    const { what, total } = this.#options;
    const filled = Math.round((barWidth * Math.min(done, total)) / Math.max(1, total));
    this.#session.err(`\r[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done} of ${total} ${what}`);
    this.#shown = true;
  }

  end(): void {
    if (this.#shown) this.#session.err('\n');
  }
}
