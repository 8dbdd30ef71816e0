/** An idempotency key that nobody has used. Not by `crypto.randomUUID`, which a page has over HTTPS and on localhost only. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
