const encoder = new TextEncoder();

/** Bytes framed the way the SDK frames what it stores: a four letter format, then the text. */
export function payload(value: unknown): Uint8Array {
  return encoder.encode(`devl${JSON.stringify([value])}`);
}

/** `length` bytes that begin with `first` and count up, so that a shifted or shared window shows. */
export function countingBytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) % 256);
}
