import type { Clock } from '../base/clock.ts';
import { dropOldest } from '../base/drop-oldest.ts';
import { HttpError } from './problem.ts';

export interface RateLimitOptions {
  /** Requests of one address in a minute. */
  readonly perMinute: number;
  readonly clock: Clock;
}

const mostAddresses = 10_000;
const minuteMs = 60_000;

/** Counts per address: a bucket that fills up again over a minute. Of very many addresses those that have been quiet longest are forgotten. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Takes one; throws TOO_MANY_REQUESTS with the time to wait. */
  take(address: string): void {
    const waitMs = this.#take(address);
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1_000);
    throw new HttpError(429, 'TOO_MANY_REQUESTS', `Too many requests: try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
    });
  }

  #take(address: string): number {
    const { perMinute, clock } = this.#options;
    const now = clock.monotonic();
    const known = this.#buckets.get(address);
    const left = known ? Math.min(perMinute, known.left + ((now - known.at) * perMinute) / minuteMs) : perMinute;
    this.#buckets.delete(address);
    const enough = left >= 1;
    this.#buckets.set(address, { left: enough ? left - 1 : left, at: now });
    dropOldest(this.#buckets, mostAddresses);
    return enough ? 0 : ((1 - left) * minuteMs) / perMinute;
  }
}
