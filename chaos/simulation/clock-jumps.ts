/** How the wall clock was set, by the time that passes. */
export class ClockJumps {
  readonly #jumps: { readonly at: number; readonly byMs: number }[] = [];

  note(at: number, byMs: number): void {
    this.#jumps.push({ at, byMs });
  }

  hasAny(from: number, until = Infinity): boolean {
    return this.#jumps.some(({ at }) => at >= from && at <= until);
  }

  /** By so much less than was asked for may a sleep last that was asked for then: a clock that is set back makes none shorter. */
  forwardSince(at: number): number {
    return this.#jumps.reduce((sum, jump) => sum + (jump.at >= at ? Math.max(0, jump.byMs) : 0), 0);
  }
}
