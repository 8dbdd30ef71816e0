import { parse } from 'devalue';
import { decodeValue } from '../../base/codec.ts';

// What the SDK writes before its payloads, so that its tools read ours (decisions C11); the byte before it is base/codec's tag for bytes.
const prefix = 'devl';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as it is stored in the log: framed like the payloads of the SDK. */
export function frame(value: unknown): Uint8Array {
  return encoder.encode(`\0${prefix}${stringifyJson(value)}`);
}

/** JSON as devalue writes it, which is what the SDK reads; devalue itself would look in it for all that JSON is not. */
export function stringifyJson(value: unknown): string {
  if (value === undefined) return '-1';
  const parts: string[] = [];
  place(value, parts);
  return `[${parts.join(',')}]`;
}

/** A value is written once at its index, and named by it in what holds it. */
function place(value: unknown, parts: string[]): number {
  const index = parts.push('') - 1;
  if (typeof value !== 'object' || value === null) parts[index] = JSON.stringify(value);
  else if (Array.isArray(value)) parts[index] = `[${value.map((member) => place(member, parts)).join(',')}]`;
  else {
    const members: string[] = [];
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      members.push(`${JSON.stringify(key)}:${member === undefined ? -1 : place(member, parts)}`);
    }
    parts[index] = `{${members.join(',')}}`;
  }
  return index;
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
