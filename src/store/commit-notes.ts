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

  tell(note: CommitNote): void {
    for (const listener of this.#listeners) listener(note);
  }
}
