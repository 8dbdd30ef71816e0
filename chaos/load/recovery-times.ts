import { quantile } from './quantile.ts';

const windowMs = 2_000;
// Caches, code and connections are warm again, and what was held up is done.
const settledMs = 8_000;
const patienceMs = 15_000;

/** Whoever is left alone for so long after a disturbance shows whether he was back within five seconds. */
export const measurableMs = 5_000 + windowMs;

/** Long enough to show what is usual. */
export const restMs = settledMs + 8 * windowMs;

/** Something that was done to the database, from when to when. */
export interface Disturbance {
  readonly what: string;
  readonly began: number;
  readonly over: number;
}

export interface Recovery {
  readonly from: string;
  readonly ms: number;
}

/**
 * How long after a disturbance the two seconds began in which 95 % of the usual number of bodies did, for each that was followed by enough
 * calm to tell; the usual number is the median of windows far from any. `starts` and `disturbances` are in order.
 */
export function recoveryTimes(starts: readonly number[], disturbances: readonly Disturbance[]): Recovery[] {
  const within = (from: number) => firstFrom(starts, from + windowMs) - firstFrom(starts, from);
  const calmUntil = [...disturbances.map(({ began }) => began), starts.at(-1) ?? 0];
  const calmFrom = [starts[0] ?? 0, ...disturbances.map(({ over }) => over)];

  const usual: number[] = [];
  for (const [index, over] of calmFrom.entries()) {
    const until = (calmUntil[index] as number) - 2 * windowMs;
    for (let from = over + settledMs; from <= until; from += 500) usual.push(within(from));
  }
  const enough = 0.95 * quantile(usual, 0.5);

  return disturbances.flatMap(({ what, over }, index) => {
    const until = Math.min(calmUntil[index + 1] as number, over + patienceMs);
    if (until - over < measurableMs) return [];
    let from = over;
    while (from + windowMs <= until && within(from) < enough) from += 100;
    return [{ from: what, ms: (from + windowMs <= until ? from : until) - over }];
  });
}

/** The place of the first that is not before this instant. */
function firstFrom(sorted: readonly number[], instant: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
