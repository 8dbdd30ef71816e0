import { quantile } from './judge.ts';

const windowMs = 2_000;
// Caches, code and connections are warm again, and what was held up is done.
const settledMs = 8_000;
const patienceMs = 15_000;

/** Whoever is left alone for so long after a disturbance shows whether he was back within five seconds. */
export const measurableMs = 5_000 + windowMs;

/** Long enough to show what is usual. */
export const restMs = settledMs + 8 * windowMs;

/**
 * How long after a disturbance the two seconds began in which 95 % of the usual number of bodies did, for each that was followed by enough
 * calm to tell; the usual number is the median of windows far from any. `starts` and `happenedAt` are instants in order.
 */
export function recoveryTimes(starts: readonly number[], happenedAt: readonly number[]): number[] {
  const within = (from: number) => firstFrom(starts, from + windowMs) - firstFrom(starts, from);
  const begin = starts[0] ?? 0;
  const end = starts.at(-1) ?? 0;
  const edges = [begin, ...happenedAt, end];

  const calm: number[] = [];
  for (const [index, edge] of edges.slice(0, -1).entries()) {
    const until = (edges[index + 1] as number) - 2 * windowMs;
    for (let from = edge + settledMs; from <= until; from += 500) calm.push(within(from));
  }
  const enough = 0.95 * quantile(calm, 0.5);

  return happenedAt.flatMap((at, index) => {
    const next = happenedAt[index + 1] ?? end;
    if (next - at < measurableMs) return [];
    const until = Math.min(next, at + patienceMs);
    for (let from = at; from + windowMs <= until; from += 100) if (within(from) >= enough) return [from - at];
    return [until - at];
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
