import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/duration.ts';

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > 200) throw new InvalidArgumentError('It must be a whole number from 1 to 200.');
  return limit;
}

export function parseTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('It must be a duration like 5s or 500ms.');
  return ms;
}

/** As the API takes it. */
export function parseInstant(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('It must be an instant like 2026-01-31T12:00:00Z.');
  return at.toISOString();
}
