const freshMs = 1_000;

/**
 * Runs that a write of this process has just woken. The SDK queues a wake after each event that it sends from outside, but the event's own
 * commit made the run due: whoever takes it from then on sees the event, so that wake says nothing new, and a replay is saved (K2).
 */
export class FreshWakes {
  readonly #wokenAt = new Map<string, number>();
  readonly #now: () => number;

  /** `now` in milliseconds of a clock that does not jump. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(runId: string): void {
    const now = this.#now();
    this.#wokenAt.delete(runId);
    this.#wokenAt.set(runId, now);
    for (const [oldest, at] of this.#wokenAt) {
      if (now - at < freshMs) return;
      this.#wokenAt.delete(oldest);
    }
  }

  /** True once for each noted wake, and only while it is fresh: a wake that somebody asks for by hand must not be taken for it. */
  consume(runId: string): boolean {
    const at = this.#wokenAt.get(runId);
    return this.#wokenAt.delete(runId) && at !== undefined && this.#now() - at < freshMs;
  }
}
