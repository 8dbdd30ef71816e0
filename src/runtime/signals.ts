import type { StreamSignals } from '../world/stream-reader.ts';
import type { Growth } from '../world/stream-window.ts';

interface Listener {
  grown(growth?: Growth): void;
  closed(): void;
}

/** By whom the listeners of a stream are owned. */
type Listeners = Map<Listener, object>;

/** Tells live readers of this process that their stream may have grown. A reader keeps the process alive, as an open socket would. */
export class Signals {
  readonly #listeners = new Map<string, Listeners>();
  #keepAlive: NodeJS.Timeout | undefined;

  /** As one World sees them, whose readers end with it. */
  of(user: object): StreamSignals {
    return { emit: (...call) => this.emit(...call), listen: (...call) => this.#listen(user, ...call) };
  }

  emit(name: string, growth?: Growth): void {
    for (const listener of this.#listeners.get(name)?.keys() ?? []) listener.grown(growth);
  }

  /** Another process wrote something; which stream, if any, is not known. */
  emitAll(): void {
    for (const name of this.#listeners.keys()) this.emit(name);
  }

  #listen(user: object, name: string, listener: Listener): () => void {
    const listeners: Listeners = this.#listeners.get(name) ?? new Map();
    this.#listeners.set(name, listeners.set(listener, user));
    this.#keepAlive ??= setInterval(() => this.emitAll(), safetyNetMs);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      this.#stopIfIdle();
    };
  }

  /** Tells the readers of this user, or all, that their World is closed. */
  close(user?: object): void {
    for (const [name, listeners] of [...this.#listeners]) {
      for (const [listener, owner] of [...listeners]) {
        if (user !== undefined && owner !== user) continue;
        listeners.delete(listener);
        listener.closed();
      }
      if (listeners.size === 0) this.#listeners.delete(name);
    }
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
