import { describe, expect, it } from 'vitest';
import { lastInstant } from '../base/last-instant.ts';
import { endOfSpan, wholeInstant } from './instant.ts';

describe('an instant', () => {
  const wakeAt = { what: 'wakeAt', code: 'HANDLER_ERROR' } as const;

  it('is whole, and never earlier than it was asked for', () => {
    expect([1, 1.2, -1.2, lastInstant].map((at) => wholeInstant(at, wakeAt))).toEqual([1, 2, -1, lastInstant]);
    expect([endOfSpan(10, 0.2, 'ttl'), endOfSpan(10, 3, 'ttl')]).toEqual([11, 13]);
  });

  it.each([lastInstant + 2, -lastInstant - 2, Number.NaN, Number.POSITIVE_INFINITY])('is not %s', (at) => {
    expect(() => wholeInstant(at, wakeAt)).toThrow(expect.objectContaining({ code: 'HANDLER_ERROR', retryable: false }));
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e20])('does not end a span of %s', (ms) => {
    expect(() => endOfSpan(0, ms, 'ttl')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
