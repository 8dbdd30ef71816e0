const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Reads `"30d"`, `"1.5h"`, `"250ms"` or a plain number of milliseconds; anything else is undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?$/.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * units[(match[2] ?? 'ms') as keyof typeof units]);
}

/** The shortest exact spelling of a duration, for messages: `90_000` is `"90s"`, `3_600_000` is `"1h"`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= units[unit] && ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** How long something took, or is away, as people say it: `7_000` is `"7s"`, `100_000_000` is `"28h"`. */
export function formatRoughly(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const unit = seconds < 7_200 ? units.m : seconds < 172_800 ? units.h : units.d;
  const count = Math.round(ms / unit);
  return `${count}${unit === units.m ? 'm' : unit === units.h ? 'h' : 'd'}`;
}
