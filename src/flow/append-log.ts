/**
 * A list that grows at its end and is read at many lengths. Every length shares one array, so appending costs the
 * same however long the list is; only appending to a length that is no longer the last copies.
 */
export class AppendLog<T> {
  readonly #shared: T[];
  readonly length: number;
  #items: readonly T[] | undefined;

  private constructor(shared: T[], length: number) {
    this.#shared = shared;
    this.length = length;
  }

  static of<T>(items: readonly T[]): AppendLog<T> {
    return new AppendLog([...items], items.length);
  }

  append(tail: readonly T[]): AppendLog<T> {
    if (tail.length === 0) return this;
    const shared = this.#shared.length === this.length ? this.#shared : this.#shared.slice(0, this.length);
    shared.push(...tail);
    return new AppendLog(shared, this.length + tail.length);
  }

  /** The last item, looking back from the end, that fits. */
  findLast(fits: (item: T) => boolean): T | undefined {
    for (let index = this.length - 1; index >= 0; index -= 1) {
      const item = this.#shared[index] as T;
      if (fits(item)) return item;
    }
    return undefined;
  }

  /** A frozen array of this length, made when it is first asked for. */
  items(): readonly T[] {
    this.#items ??= Object.freeze(this.#shared.slice(0, this.length));
    return this.#items;
  }
}
