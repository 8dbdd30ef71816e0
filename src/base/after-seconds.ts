import { lastInstant } from './last-instant.ts';

/**
 * The instant so many seconds after another one, for what people and the SDK give in seconds. In whole milliseconds, for databases keep no
 * fractions of them, and rounded up, so that nothing comes early; what is smaller than a microsecond is an error of floating point.
 */
export function afterSeconds(instant: number, seconds: number): number {
  const ms = Math.ceil(Math.round(Math.max(0, seconds) * 1e6) / 1e3);
  return Math.min(instant + ms, lastInstant);
}
