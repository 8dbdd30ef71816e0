import { parse, stringify } from 'devalue';
import { decodeValue } from '../../base/codec.ts';

// What the SDK writes before its payloads, so that its tools read ours (decisions C11); the byte before it is base/codec's tag for bytes.
const prefix = 'devl';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as it is stored in the log: framed like the payloads of the SDK. */
export function frame(value: unknown): Uint8Array {
  return encoder.encode(`\0${prefix}${stringify(value)}`);
}

/** The value of a stored payload. */
export function unframe(stored: Uint8Array): unknown {
  return plainValue(decodeValue(stored));
}

/** What a caller of the World sent: framed bytes as the SDK does, or any value as it is. */
export function plainValue(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const text = decoder.decode(value);
  if (text.startsWith(prefix)) return parse(text.slice(prefix.length));
  throw new TypeError(`A payload begins with ${JSON.stringify(text.slice(0, 4))}, which flows cannot read.`);
}
