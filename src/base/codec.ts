import { parse, stringify } from 'devalue';

// The first byte of a stored value says how the rest is to be read. Values are written once and read for years.
const rawBytes = 0;
const devalueText = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Turns any structured value into bytes: a `Uint8Array` (what the SDK sends) is kept as it is behind one tag byte; JSON, dates, maps and
 * `undefined` become devalue text. Throws what devalue throws for functions and class instances.
 */
export function encodeValue(value: unknown): Uint8Array {
  const tag = value instanceof Uint8Array ? rawBytes : devalueText;
  const body = value instanceof Uint8Array ? value : encoder.encode(stringify(value));
  const encoded = new Uint8Array(body.length + 1);
  encoded[0] = tag;
  encoded.set(body, 1);
  return encoded;
}

/** Reads what `encodeValue` wrote; bytes come back as a copy of their own. */
export function decodeValue(encoded: Uint8Array): unknown {
  if (encoded[0] === rawBytes) return new Uint8Array(encoded.subarray(1));
  if (encoded[0] === devalueText) return parse(decoder.decode(encoded.subarray(1)));
  throw new Error(`A stored value begins with the unknown tag ${encoded[0]}: it was written by a newer version.`);
}

/** Structured text for small fields that a person may want to read in the database; the dates in it survive. */
export function encodeFields(fields: Readonly<Record<string, unknown>>): string {
  return stringify(fields);
}

export function decodeFields(text: string): Record<string, unknown> {
  return parse(text) as Record<string, unknown>;
}
