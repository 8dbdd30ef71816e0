import { describeError } from '../base/logger.ts';
import type { CommitNote } from '../world/port.ts';

/** Who wants to know of the transactions of a store, and is told of them. */
export class CommitNotes {
  readonly #listeners = new Set<(note: CommitNote) => void>();

  /** Whether there is anybody to tell. */
  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: (note: CommitNote) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One that throws keeps no other from hearing of it, and no write from going on. */
  tell(note: CommitNote): void {
    for (const listener of this.#listeners) {
      try {
        listener(note);
      } catch (error) {
        process.emitWarning(`A listener of commits failed: ${describeError(error)}`);
      }
    }
  }
}
