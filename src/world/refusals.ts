import { dropOldest } from '../base/drop-oldest.ts';

// After so many refusals in a row the 412 guard lets a run end: hooks that arrive faster than a replay must not keep it alive (B6).
const mostInARow = 20;
// Runs that were refused here and ended elsewhere are never heard of again.
const mostRuns = 10_000;

/** How often in a row the result of a run was refused because something had come from outside meanwhile (412). */
export class Refusals {
  readonly #inARow = new Map<string, number>();

  /** Whether the run has been refused often enough to end all the same. */
  suffice(runId: string): boolean {
    return (this.#inARow.get(runId) ?? 0) >= mostInARow;
  }

  count(runId: string): void {
    const before = this.#inARow.get(runId) ?? 0;
    this.#inARow.delete(runId);
    this.#inARow.set(runId, before + 1);
    dropOldest(this.#inARow, mostRuns);
  }

  /** A replay of the run got further than to its refusal, or the run is over. */
  forget(runId: string): void {
    this.#inARow.delete(runId);
  }
}
