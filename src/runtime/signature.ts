import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed delivery vouches for; a change of any part breaks the signature. */
export interface Signed {
  readonly queueName: string;
  readonly messageId: string;
  readonly attempt: string;
  readonly lease: string;
  readonly timestamp: string;
  readonly body: string;
}

/** How far the clocks of two hosts may be apart, and how long a delivery may be on its way. */
export const signatureMaxAgeMs = 5 * 60_000;

export function sign(secret: string, { queueName, messageId, attempt, lease, timestamp, body }: Signed): string {
  const hmac = createHmac('sha256', secret);
  // Each part with its length, so that no two different deliveries read the same.
  for (const part of ['v1', queueName, messageId, attempt, lease, timestamp, body]) hmac.update(`${Buffer.byteLength(part)}:${part}`);
  return hmac.digest('base64url');
}

/** True only for a signature made with this secret, not older than five minutes; compared in constant time. */
export function isSignedBy(secret: string, signed: Signed, signature: string, now: number): boolean {
  const age = Math.abs(now - Number(signed.timestamp));
  if (!(age <= signatureMaxAgeMs)) return false;
  const expected = Buffer.from(sign(secret, signed));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
