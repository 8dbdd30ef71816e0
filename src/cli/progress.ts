import { type Clock, systemClock } from '../base/clock.ts';
import type { Session } from './session.ts';

export interface ProgressOptions {
  readonly what: string;
  /** Undefined: nobody knows how much there is; then the bar only shows that something goes on, and for how long. */
  readonly total: number | undefined;
  readonly clock?: Clock;
}

const patienceMs = 2_000;
const tickMs = 500;
const barWidth = 30;

/** A bar for whoever waits longer than two seconds in front of a terminal. */
export class Progress {
  readonly #session: Session;
  readonly #options: ProgressOptions;
  readonly #clock: Clock;
  readonly #since: number;
  #note = '';
  #shown = 0;

  constructor(session: Session, options: ProgressOptions) {
    this.#session = session;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#since = this.#clock.monotonic();
  }

  at(done: number): void {
    const { what, total = 0 } = this.#options;
    const filled = Math.round((barWidth * Math.min(done, total)) / Math.max(1, total));
    this.#show(`[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done} of ${total} ${what}`);
  }

  /** What is going on now, beside the bar. */
  note(text: string): void {
    this.#note = text;
  }

  /** Shows every now and then that time passes; the returned function stops it. */
  tick(): () => void {
    let cancel = () => {};
    const again = () => {
      this.#pass();
      cancel = this.#clock.after(tickMs, again, { keepAlive: true });
    };
    cancel = this.#clock.after(tickMs, again, { keepAlive: true });
    return () => cancel();
  }

  end(): void {
    if (this.#shown > 0) this.#session.err('\n');
  }

  #pass(): void {
    const elapsedMs = this.#clock.monotonic() - this.#since;
    const place = Math.round(elapsedMs / tickMs) % (barWidth - 2);
    const bar = `${'.'.repeat(place)}###${'.'.repeat(barWidth - 3 - place)}`;
    const note = this.#note === '' ? '' : `: ${this.#note}`;
    this.#show(`[${bar}] ${Math.round(elapsedMs / 1_000)} s waiting ${this.#options.what}${note}`);
  }

  #show(text: string): void {
    if (!this.#session.terminal || this.#clock.monotonic() - this.#since < patienceMs) return;
    this.#session.err(`\r${text.padEnd(this.#shown)}`);
    this.#shown = text.length;
  }
}

/** Shows that something goes on for as long as it does. */
export async function withProgress<T>(session: Session, what: string, work: Promise<T>): Promise<T> {
  const progress = new Progress(session, { what, total: undefined });
  const stop = progress.tick();
  try {
    return await work;
  } finally {
    stop();
    progress.end();
  }
}
