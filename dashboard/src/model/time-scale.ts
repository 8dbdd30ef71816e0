/** A span of time in epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A stretch in which nothing happened, drawn narrower than it was. `at` and `width` are fractions of the whole. */
export interface Break extends Span {
  readonly at: number;
  readonly width: number;
}

export interface TimeScale {
  /** Where an instant lies, from 0 to 1. */
  readonly place: (instantMs: number) => number;
  readonly breaks: readonly Break[];
  /** Instants for the lines of the axis, outside of the breaks. */
  readonly ticks: readonly { readonly instantMs: number; readonly at: number }[];
}

const breakWidth = 0.06;
/** A pause that a person can wait out is worth seeing at its length. */
const shortestCutMs = 5_000;
const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5,
];

/**
 * Lays the time of a run on a line. A run that worked for a second and slept for a month would be a month of nothing: stretches without
 * work that are long beside the work are cut to a narrow break, and the rest keeps one scale.
 *
 * @param whole from the first to the last instant
 * @param busy when something was at work; may overlap, in any order
 */
export function createTimeScale(whole: Span, busy: readonly Span[]): TimeScale {
  const total = Math.max(1, whole.to - whole.from);
  const idle = idleSpans(whole, busy).filter(({ from, to }) => to - from > Math.max(total * 0.2, shortestCutMs));
  const idleMs = idle.reduce((sum, { from, to }) => sum + to - from, 0);
  // Cut only where it helps: what is left must have been squeezed into less than half of the line.
  const cut = idleMs > total * 0.6 ? idle : [];
  const cutMs = cut.reduce((sum, { from, to }) => sum + to - from, 0);
  const perMs = cutMs >= total ? 0 : (1 - cut.length * breakWidth) / (total - cutMs);

  let shrunk = 0;
  const breaks = cut.map(({ from, to }, index): Break => {
    const at = (from - whole.from - shrunk) * perMs + index * breakWidth;
    shrunk += to - from;
    return { from, to, at, width: cutMs >= total ? 1 / cut.length : breakWidth };
  });

  const place = (instantMs: number) => {
    const instant = Math.min(Math.max(instantMs, whole.from), whole.to);
    let at = (instant - whole.from) * perMs;
    for (const { from, to, width } of breaks) {
      if (instant <= from) break;
      const inside = Math.min(instant, to) - from;
      at += (inside / (to - from)) * width - inside * perMs;
    }
    return Math.min(1, Math.max(0, at));
  };
  return { place, breaks, ticks: ticksOf(whole, breaks, place, total - cutMs) };
}

function idleSpans(whole: Span, busy: readonly Span[]): Span[] {
  const idle: Span[] = [];
  let free = whole.from;
  for (const { from, to } of busy.toSorted((a, b) => a.from - b.from)) {
    if (from > free) idle.push({ from: free, to: Math.min(from, whole.to) });
    free = Math.max(free, to);
  }
  if (free < whole.to) idle.push({ from: free, to: whole.to });
  return idle;
}

function ticksOf(whole: Span, breaks: readonly Break[], place: (instantMs: number) => number, shownMs: number) {
  const step = steps.find((each) => shownMs / each <= 5) ?? 864e5 * Math.ceil(shownMs / 864e5 / 5);
  const ticks: { instantMs: number; at: number }[] = [];
  let instant = whole.from;
  while (instant <= whole.to) {
    const inBreak = breaks.find(({ from, to }) => instant > from && instant < to);
    if (inBreak) {
      instant = whole.from + Math.ceil((inBreak.to - whole.from) / step) * step;
      continue;
    }
    ticks.push({ instantMs: instant, at: place(instant) });
    instant += step;
  }
  return ticks;
}
