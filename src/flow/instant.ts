import { lastInstant } from '../base/last-instant.ts';
import { FlowError, type FlowErrorCode } from './errors.ts';

/**
 * An instant as it is kept: whole milliseconds, none of which is before the one that was asked for. Throws for what no
 * Date can say, because no store could give it back.
 */
export function wholeInstant(at: number, { what, code }: { readonly what: string; readonly code: FlowErrorCode }): number {
  const whole = Math.ceil(at);
  if (Math.abs(whole) <= lastInstant) return whole;
  throw new FlowError(code, `${what} must be an instant, in milliseconds since 1970 and before the year 275760, not ${String(at)}.`, {
    retryable: false,
  });
}

/** The instant at which a span from now ends. Throws INVALID_INPUT unless it is above 0 and ends before dates do. */
export function endOfSpan(now: number, ms: number, what: string): number {
  if (ms > 0 && now + ms <= lastInstant) return Math.ceil(now + ms);
  throw new FlowError('INVALID_INPUT', `${what} must be a number of milliseconds above 0 that ends before the year 275760, not ${ms}.`);
}
