/** All payloads of a batch as one value, which travels as it is and not as text. */
export class Payloads {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** Where the payload will be, counted from 1 as SQL does. */
  add(payload: Uint8Array): { readonly start: number; readonly size: number } {
    const start = this.#size + 1;
    this.#parts.push(payload);
    this.#size += payload.length;
    return { start, size: payload.length };
  }

  joined(): Buffer {
    return Buffer.concat(this.#parts, this.#size);
  }
}

/** Fractions of a millisecond are waited for, never skipped. */
export function upTo(instant: number | null): number | null {
  return instant === null ? null : Math.ceil(instant);
}
