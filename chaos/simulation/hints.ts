import type { Fates } from './fates.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';

/** Tells processes of the commits of the others, if chance lets it. */
export class Hints {
  readonly #listeners = new Map<SimulatedProcess, Set<() => void>>();

  listen(process: SimulatedProcess, listener: () => void): () => void {
    const listeners = this.#listeners.get(process) ?? new Set();
    this.#listeners.set(process, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  tell(from: SimulatedProcess, time: VirtualTime, fates: Fates): void {
    for (const [process, listeners] of this.#listeners) {
      if (process === from || !process.alive) continue;
      for (const listener of listeners) {
        const after = fates.hintAfterMs();
        if (after !== undefined) time.within(process, () => time.after(after, listener));
      }
    }
  }

  forget(process: SimulatedProcess): void {
    this.#listeners.delete(process);
  }
}
