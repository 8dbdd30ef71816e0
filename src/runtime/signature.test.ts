import { describe, expect, it } from 'vitest';
import { isSignedBy, type Signed, sign, signatureMaxAgeMs } from './signature.ts';

const now = Date.UTC(2026, 0, 1);
const secret = 'a secret';
const signed: Signed = { queueName: 'q', messageId: 'm', attempt: '1', lease: 'l', timestamp: String(now), body: '{}' };

describe('a signature', () => {
  it('is the same for ever, or workers and apps of two versions would refuse each other', () => {
    expect(sign(secret, signed)).toMatchInlineSnapshot(`"MCgzJHNuhW_H7W1ThG0ghp02GqkGa45BD55FGyYi-AY"`);
  });

  it('holds for what was signed, with the secret it was signed with', () => {
    expect(isSignedBy(secret, signed, sign(secret, signed), now)).toBe(true);
    expect(isSignedBy('another', signed, sign(secret, signed), now)).toBe(false);
  });

  it.each(Object.keys(signed) as (keyof Signed)[])('breaks when the %s is changed', (part) => {
    const changed = { ...signed, [part]: part === 'timestamp' ? String(now + 1) : `${signed[part]}x` };
    expect(isSignedBy(secret, changed, sign(secret, signed), now)).toBe(false);
  });

  it('does not hold for parts that were moved into each other', () => {
    const moved = { ...signed, queueName: 'qm', messageId: '' };
    expect(sign(secret, { ...signed, queueName: 'q', messageId: 'm' })).not.toBe(sign(secret, moved));
    expect(sign(secret, { ...signed, queueName: '1:q', messageId: '' })).not.toBe(
      sign(secret, { ...signed, queueName: '', messageId: '1:q' }),
    );
  });

  it.each([
    [0, true],
    [signatureMaxAgeMs, true],
    [-signatureMaxAgeMs, true],
    [signatureMaxAgeMs + 1, false],
    [-signatureMaxAgeMs - 1, false],
  ])('made %i ms ago holds: %s', (age, holds) => {
    expect(isSignedBy(secret, signed, sign(secret, signed), now + age)).toBe(holds);
  });

  it.each(['', 'yesterday', 'NaN', 'Infinity', '1e400'])('of the time %j never holds', (timestamp) => {
    const odd = { ...signed, timestamp };
    expect(isSignedBy(secret, odd, sign(secret, odd), now)).toBe(false);
  });

  it.each(['', 'x', sign(secret, signed).slice(1), `${sign(secret, signed)}x`, sign(secret, signed).toUpperCase()])(
    'is not %j',
    (given) => {
      expect(isSignedBy(secret, signed, given, now)).toBe(false);
    },
  );
});
