import { parseDuration } from '../../base/duration.ts';
import { FlowError } from '../errors.ts';

/** A span as flows write it: milliseconds, or text such as "90s", "36h", "60d". Throws INVALID_INPUT. */
export function milliseconds(span: number | string): number {
  const ms = typeof span === 'number' ? span : parseDuration(span);
  if (ms !== undefined) return ms;
  throw new FlowError('INVALID_INPUT', `"${span}" is not a duration such as "90s", "36h" or "60d".`);
}
