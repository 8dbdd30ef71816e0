import type { Clock } from '../base/clock.ts';

export interface PumpOptions {
  readonly clock: Clock;
  /** Claims and dispatches what is due; answers when something becomes due next, as an instant, or undefined if nothing will. */
  readonly claim: () => Promise<number | undefined>;
  readonly now: () => number;
  /** Looks for work at least this often, whatever was heard: hints can be lost. */
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
  /** It has looked, and nothing that it was told of is left to look at. */
  readonly onRest: () => void;
}

// The database was away; whoever waits for it to be there again waits no longer than this.
const afterErrorMs = 500;
// So many of the next are kept; of what comes later a look will tell.
const mostTold = 1_000;

/** Decides when to look for work: at a hint, when the next thing is due, and every now and then. One look at a time. */
export class Pump {
  readonly #options: PumpOptions;
  #running: Promise<void> | undefined;
  #again = false;
  /** When something becomes due, as far as it was told, in order. */
  readonly #told: number[] = [];
  #pollAt = Infinity;
  #timerAt = Infinity;
  #cancelTimer = () => {};
  #stopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Whether it was told of something that it has not looked at yet. */
  get looks(): boolean {
    return this.#running !== undefined;
  }

  /** Something is due, or may be. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#running) this.#again = true;
    else this.#running = this.#run();
  }

  /** Something becomes due at this instant. */
  dueAt(instant: number): void {
    if (instant <= this.#options.now()) return this.kick();
    this.#note(instant);
    this.#setTimer();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever else this turn of the event loop makes due is found by the same look.
    await new Promise<void>((turn) => setImmediate(turn));
    const { now, pollMs, onError, claim } = this.#options;
    let next: number | undefined;
    do {
      this.#again = false;
      this.#pollAt = Infinity;
      this.#forget(now());
      try {
        next = await claim();
      } catch (error) {
        onError(error);
        next = now() + afterErrorMs;
      }
    } while (this.#again && !this.#stopped);
    this.#running = undefined;
    this.#pollAt = now() + pollMs;
    if (next !== undefined) this.#note(next);
    this.#setTimer();
    this.#options.onRest();
  }

  // What a look has not seen may be there all the same: not committed yet, or just being delivered. So it is looked for when it was to be due.
  #note(instant: number): void {
    const before = this.#told.findLastIndex((other) => other <= instant);
    if (this.#told[before] === instant) return;
    this.#told.splice(before + 1, 0, instant);
    if (this.#told.length > mostTold) this.#told.pop();
  }

  #forget(until: number): void {
    this.#told.splice(0, this.#told.findLastIndex((instant) => instant <= until) + 1);
  }

  #setTimer(): void {
    const { clock, now } = this.#options;
    const instant = Math.min(this.#pollAt, this.#told[0] ?? Infinity);
    if (this.#stopped || instant === this.#timerAt) return;
    this.#cancelTimer();
    this.#timerAt = instant;
    this.#cancelTimer = clock.after(instant - now(), () => {
      this.#timerAt = Infinity;
      this.kick();
    });
  }
}
