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

/** Decides when to look for work: at a hint, when the next thing is due, and every now and then. One look at a time. */
export class Pump {
  readonly #options: PumpOptions;
  #running: Promise<void> | undefined;
  #again = false;
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
    const { now } = this.#options;
    if (instant <= now()) this.kick();
    else if (instant < this.#timerAt) this.#setTimer(instant);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever else this turn of the event loop makes due is found by the same look.
    await new Promise<void>((turn) => setImmediate(turn));
    let next: number | undefined;
    do {
      this.#again = false;
      try {
        next = await this.#options.claim();
      } catch (error) {
        this.#options.onError(error);
        next = this.#options.now() + afterErrorMs;
      }
    } while (this.#again && !this.#stopped);
    this.#running = undefined;
    const lookAt = Math.min(next ?? Infinity, this.#options.now() + this.#options.pollMs);
    // What was told of while it looked may be earlier than anything that the look has seen.
    if (lookAt < this.#timerAt) this.#setTimer(lookAt);
    this.#options.onRest();
  }

  #setTimer(instant: number): void {
    this.#cancelTimer();
    if (this.#stopped) return;
    this.#timerAt = instant;
    this.#cancelTimer = this.#options.clock.after(instant - this.#options.now(), () => {
      this.#timerAt = Infinity;
      this.kick();
    });
  }
}
