import type { FoundRun } from '../world/operator-port.ts';
import { isTerminal } from '../world/rows.ts';

export interface RunBacklogOptions {
  readonly fits: (run: FoundRun) => boolean;
  /** Runs that may wait to be taken. */
  readonly most: number;
}

/**
 * What a listener has yet to be told of runs: each as it was seen last. It holds no more than `most` runs that wait, and remembers only runs
 * that are under way.
 */
export class RunBacklog {
  readonly #options: RunBacklogOptions;
  readonly #waiting = new Map<string, FoundRun>();
  /** Those that fitted: when they do no more, that is told too. */
  readonly #told = new Set<string>();
  #overflowed = false;

  constructor(options: RunBacklogOptions) {
    this.#options = options;
  }

  /** Too many waited: they are gone, and nothing is taken in any more. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** How many runs it remembers to have told of. */
  get remembered(): number {
    return this.#told.size;
  }

  add(run: FoundRun): void {
    if (this.#overflowed) return;
    const { runId } = run;
    const fits = this.#options.fits(run);
    if (!fits && !this.#told.has(runId)) return;
    // What has ended stays as it is: it would be remembered for ever.
    if (fits && !isTerminal(run.status)) this.#told.add(runId);
    else this.#told.delete(runId);
    this.#waiting.delete(runId);
    this.#waiting.set(runId, run);
    if (this.#waiting.size <= this.#options.most) return;
    this.#overflowed = true;
    this.#waiting.clear();
    this.#told.clear();
  }

  /** The one that waits longest. */
  take(): FoundRun | undefined {
    const [next] = this.#waiting;
    if (!next) return undefined;
    this.#waiting.delete(next[0]);
    return next[1];
  }
}
