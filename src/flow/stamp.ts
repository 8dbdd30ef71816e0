const Given = function (object: object) {
  return object;
} as unknown as new (object: object) => object;

export interface Stamp<T> {
  /** Once for an object; it may be frozen afterwards. */
  put(object: object, note: T): void;
  of(object: object): T | undefined;
}

/**
 * Notes something on objects where nothing can see, copy or forge it: in a private field. A WeakMap would do, but each garbage collection
 * pays for all it holds, and there are several such notes for each step of a flow.
 */
export function createStamp<T>(): Stamp<T> {
  return class Stamped extends Given {
    readonly #note: T;

    private constructor(object: object, note: T) {
      super(object);
      this.#note = note;
    }

    static put(object: object, note: T): void {
      // eslint-disable-next-line no-new
      new Stamped(object, note);
    }

    static of(object: object): T | undefined {
      return #note in object ? object.#note : undefined;
    }
  };
}
