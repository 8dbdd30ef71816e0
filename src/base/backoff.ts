export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
  /** The share of the delay that is left to chance, 0 to 1. */
  readonly jitter: number;
}

/** The delay before try `attempt + 1`: exponential, capped, spread by `random` in [0, 1). */
export function backoffMs({ baseMs, capMs, jitter }: Backoff, attempt: number, random: () => number = Math.random): number {
  const delay = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(0, attempt - 1), 52));
  return Math.round(delay * (1 - jitter + jitter * random()));
}
