import { formatDuration } from '../base/duration.ts';

/** An instant as people read it, to the second. */
export function showInstant(at: Date | number | null | undefined): string {
  return at == null ? '-' : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** How long something took, or has been going on, roughly. */
export function showAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const unit = seconds < 7_200 ? 60_000 : seconds < 172_800 ? 3_600_000 : 86_400_000;
  return formatDuration(Math.round(ms / unit) * unit).replace(/^24h$/, '1d');
}
