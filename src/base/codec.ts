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

/** Reads what `encodeValue` wrote; bytes come back as a copy of their own. Throws `DAMAGED_VALUE` for anything else. */
export function decodeValue(encoded: Uint8Array): unknown {
  if (encoded[0] === rawBytes) return new Uint8Array(encoded.subarray(1));
  if (encoded[0] === devalueText) return decodeText(decoder.decode(encoded.subarray(1)));
  throw damaged(`A stored value begins with the unknown tag ${encoded[0]}: it was written by a newer version.`);
}

function decodeText(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw damaged(`A stored value is not as it was written: it begins with "${text.slice(0, 20)}".`, cause);
  }
}

/** Structured text for small fields that a person may want to read in the database; the dates in it survive. */
export function encodeFields(fields: Readonly<Record<string, unknown>>): string {
  return encodeFlat(fields) ?? stringify(fields);
}

export function decodeFields(text: string): Record<string, unknown> {
  try {
    return decodeFlat(text) ?? (parse(text) as Record<string, unknown>);
  } catch (cause) {
    throw damaged(`A stored field is not as it was written: it begins with "${text.slice(0, 20)}".`, cause);
  }
}

function damaged(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: 'DAMAGED_VALUE' });
}

// Nearly all of them are a few texts and numbers. For those devalue's notation, `[{"name":1},"value"]`, is written and read without a walk
// over the value: it is done for every event.

function encodeFlat(fields: Readonly<Record<string, unknown>>): string | undefined {
  const places: Record<string, number> = {};
  const parts: unknown[] = [places];
  for (const name in fields) {
    const value = fields[name];
    const plain = typeof value === 'string' || typeof value === 'boolean' || (Number.isFinite(value) && !Object.is(value, -0));
    if (!plain || name === '__proto__') return undefined;
    places[name] = parts.push(value) - 1;
  }
  return JSON.stringify(parts);
}

function decodeFlat(text: string): Record<string, unknown> | undefined {
  const parts = JSON.parse(text) as unknown;
  if (!Array.isArray(parts)) return undefined;
  const fields: Record<string, unknown> = {};
  const places = parts[0] as Record<string, unknown>;
  if (typeof places !== 'object' || places === null || Array.isArray(places)) return undefined;
  for (const name in places) {
    const value: unknown = parts[places[name] as number];
    if (value === undefined || typeof value === 'object' || name === '__proto__') return undefined;
    fields[name] = value;
  }
  return fields;
}
