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
    expectNoWait(this.#take(address));
  }

  /** Takes none; throws the same where there is none left. */
  expect(address: string): void {
    expectNoWait(this.#waitMs(this.#left(address)));
  }

  #take(address: string): number {
    const left = this.#left(address);
    this.#buckets.delete(address);
    this.#buckets.set(address, { left: left >= 1 ? left - 1 : left, at: this.#options.clock.monotonic() });
    dropOldest(this.#buckets, mostAddresses);
    return this.#waitMs(left);
  }

  #left(address: string): number {
    const { perMinute, clock } = this.#options;
    const known = this.#buckets.get(address);
    return known ? Math.min(perMinute, known.left + ((clock.monotonic() - known.at) * perMinute) / minuteMs) : perMinute;
  }

  #waitMs(left: number): number {
    return left >= 1 ? 0 : ((1 - left) * minuteMs) / this.#options.perMinute;
  }
}

function expectNoWait(waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new HttpError(429, 'TOO_MANY_REQUESTS', `Too many requests: try again in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
  });
}
