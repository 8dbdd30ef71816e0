import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Renders 48 bits of milliseconds and 80 bits of anything as a ULID: 26 letters that sort like the numbers. */
export function renderUlid(ms: number, low80: bigint): string {
  let letters = '';
  for (let shift = 45; shift >= 0; shift -= 5) letters += alphabet[Math.floor(ms / 2 ** shift) % 32];
  for (let shift = 75n; shift >= 0n; shift -= 5n) letters += alphabet[Number((low80 >> shift) & 31n)];
  return letters;
}

/** A fresh random ULID of this millisecond. */
export function newUlid(now: number): string {
  return renderUlid(now, BigInt(`0x${randomBytes(10).toString('hex')}`));
}

/** The milliseconds inside a ULID, or undefined if the text is not one. */
export function ulidTime(text: string): number | undefined {
  if (!ulidPattern.test(text)) return undefined;
  let ms = 0;
  for (const letter of text.slice(0, 10)) ms = ms * 32 + alphabet.indexOf(letter);
  return ms;
}

/** The 80 bits after the time of a ULID, or undefined if the text is not one. */
export function ulidLow80(text: string): bigint | undefined {
  if (!ulidPattern.test(text)) return undefined;
  let bits = 0n;
  for (const letter of text.slice(10)) bits = (bits << 5n) | BigInt(alphabet.indexOf(letter));
  return bits;
}
