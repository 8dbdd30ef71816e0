import type { Clock } from '../base/clock.ts';

/** Shorter replays than this cost less than waiting for anything. */
const leastMs = 50;
const mostMs = 10_000;
const mostRuns = 1_000;

/**
 * Keeps a run with many steps under way from being replayed for each few that end. What such a replay costs the SDK grows with the steps that
 * have ended, times those that have not, times all of them; so a run waits as long as its last replay took, or until no step of it is under
 * way here, whichever is first. At most half of the time goes into replays then, and a run whose replays are short waits for nothing.
 */
export class ReplayPace {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #moreToCome: () => boolean;
  readonly #steps = new Map<string, number>();
  readonly #lasted = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();
  #stopped = false;

  /** `moreToCome`: steps are due that this worker has not claimed yet, so that it cannot tell whose they are. */
  constructor(clock: Pick<Clock, 'after'>, moreToCome: () => boolean) {
    this.#clock = clock;
    this.#moreToCome = moreToCome;
  }

  stepBegins(runId: string): void {
    this.#steps.set(runId, this.#stepsOf(runId) + 1);
  }

  stepEnds(runId: string): void {
    const left = this.#stepsOf(runId) - 1;
    if (left > 0) this.#steps.set(runId, left);
    else this.#steps.delete(runId);
    this.#look(runId);
  }

  /** Something was claimed, or there was nothing. */
  claimed(): void {
    for (const runId of this.#waiting.keys()) this.#look(runId);
  }

  /** Undefined when the run may be replayed at once; else resolves when it may. */
  calm(runId: string): Promise<void> | undefined {
    const lasted = this.#lasted.get(runId) ?? 0;
    if (this.#stopped || lasted < leastMs || this.#stepsOf(runId) < 2) return undefined;
    return new Promise((resolve) => {
      const goOn = () => {
        cancel();
        // A delivery that was only foreseen may wait as well as the one that came instead.
        if (this.#waiting.get(runId) === goOn) this.#waiting.delete(runId);
        resolve();
      };
      const cancel = this.#clock.after(Math.min(lasted, mostMs), goOn);
      this.#waiting.set(runId, goOn);
    });
  }

  replayed(runId: string, ms: number): void {
    this.#lasted.delete(runId);
    if (ms < leastMs) return;
    this.#lasted.set(runId, ms);
    const [oldest] = this.#lasted.keys();
    if (this.#lasted.size > mostRuns && oldest !== undefined) this.#lasted.delete(oldest);
  }

  /** Whoever waits goes on, and nobody waits any more. */
  stop(): void {
    this.#stopped = true;
    for (const goOn of [...this.#waiting.values()]) goOn();
  }

  #look(runId: string): void {
    if (this.#stepsOf(runId) === 0 && !this.#moreToCome()) this.#waiting.get(runId)?.();
  }

  #stepsOf(runId: string): number {
    return this.#steps.get(runId) ?? 0;
  }
}
