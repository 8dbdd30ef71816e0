import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A fresh ULID, as the SDK makes one for a run. */
export function ulid() {
  let time = '';
  for (let ms = Date.now(); time.length < 10; ms = Math.floor(ms / 32)) time = alphabet[ms % 32] + time;
  return time + Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('');
}
