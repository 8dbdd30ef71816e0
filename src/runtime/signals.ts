import type { StreamSignals } from '../world/stream-reader.ts';
import type { Growth } from '../world/stream-window.ts';

interface Listener {
  grown(growth?: Growth): void;
  closed(): void;
}

/** Tells live readers of this process that their stream may have grown. A reader keeps the process alive, as an open socket would. */
export class Signals implements StreamSignals {
  readonly #listeners = new Map<string, Set<Listener>>();
  #keepAlive: NodeJS.Timeout | undefined;

  emit(name: string, growth?: Growth): void {
    for (const listener of this.#listeners.get(name) ?? []) listener.grown(growth);
  }

  /** Another process wrote something; which stream, if any, is not known. */
  emitAll(): void {
    for (const name of this.#listeners.keys()) this.emit(name);
  }

  listen(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    this.#keepAlive ??= setInterval(() => this.emitAll(), safetyNetMs);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      this.#stopIfIdle();
    };
  }

  close(): void {
    for (const listeners of [...this.#listeners.values()]) for (const listener of [...listeners]) listener.closed();
    this.#listeners.clear();
    this.#stopIfIdle();
  }

  #stopIfIdle(): void {
    if (this.#listeners.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }
}

// Hints may be lost; readers look by themselves this often.
const safetyNetMs = 1_000;
