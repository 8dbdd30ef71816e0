import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** The parts of a ULID: 48 bits of milliseconds, and 80 bits of anything in two halves of 40. */
export interface UlidParts {
  readonly ms: number;
  readonly high40: number;
  readonly low40: number;
}

/** 26 letters that sort like the numbers. */
export function renderUlid({ ms, high40, low40 }: UlidParts): string {
  return letters(ms, 10) + letters(high40, 8) + letters(low40, 8);
}

/** Undefined if the text is not a ULID. */
export function parseUlid(text: string): UlidParts | undefined {
  if (!ulidPattern.test(text)) return undefined;
  return { ms: numberOf(text.slice(0, 10)), high40: numberOf(text.slice(10, 18)), low40: numberOf(text.slice(18)) };
}

/** A fresh random ULID of this millisecond. */
export function newUlid(now: number): string {
  const bytes = randomBytes(10);
  return renderUlid({ ms: now, high40: bytes.readUIntBE(0, 5), low40: bytes.readUIntBE(5, 5) });
}

/** The milliseconds inside a ULID, or undefined if the text is not one. */
export function ulidTime(text: string): number | undefined {
  return parseUlid(text)?.ms;
}

/** Five bits a letter. Plain numbers, because up to 53 bits they are exact and much faster than BigInt. */
function letters(value: number, count: number): string {
  let text = '';
  let rest = value;
  for (let index = 0; index < count; index += 1) {
    const digit = rest % 32;
    text = alphabet[digit] + text;
    rest = (rest - digit) / 32;
  }
  return text;
}

function numberOf(text: string): number {
  let value = 0;
  for (const letter of text) value = value * 32 + alphabet.indexOf(letter);
  return value;
}
