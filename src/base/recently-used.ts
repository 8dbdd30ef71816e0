import type { Clock } from './clock.ts';

interface Entry<Value> {
  readonly value: Value;
  weight: number;
  usedAt: number;
}

export interface RecentlyUsedOptions {
  /** Beyond it, what was not used for longest is forgotten first. */
  readonly maxWeight: number;
  /** What was not used for so long is forgotten when anything else is used. */
  readonly idleMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Values by key, as long as they are used and there is room for them. What they weigh, in bytes or otherwise, is said by whoever puts them in.
 * The entry that was used last is never forgotten, however much it weighs.
 */
export class RecentlyUsed<Value> {
  readonly #options: RecentlyUsedOptions;
  // In order of use: the first is the one to forget.
  readonly #entries = new Map<string, Entry<Value>>();
  #weight = 0;

  constructor(options: RecentlyUsedOptions) {
    this.#options = options;
  }

  /** The value, which counts as used by that. */
  use(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry) this.#last(key, entry);
    return entry?.value;
  }

  /** The value, which does not count as used by that. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Puts a value in, or another one in its place. */
  put(key: string, value: Value, weight: number): void {
    this.forget(key);
    this.#weight += weight;
    this.#last(key, { value, weight, usedAt: 0 });
  }

  /** Says that the value under this key weighs so much more, or less. Nothing is forgotten for it before something is used. */
  weigh(key: string, weight: number): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.weight += weight;
    this.#weight += weight;
  }

  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }

  #last(key: string, entry: Entry<Value>): void {
    entry.usedAt = this.#options.clock.monotonic();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const stale = entry.usedAt - this.#options.idleMs;
    for (const [other, { usedAt }] of this.#entries) {
      if (other === key || (this.#weight <= this.#options.maxWeight && usedAt >= stale)) return;
      this.forget(other);
    }
  }
}
