/**
 * How often each step was entered, at one point of an execution. All points share one table; looking up and counting
 * on cost the same however many steps there are, where copying an object of counts would not.
 */
export class VisitCounts {
  readonly #table: Map<string, Mark[]>;
  readonly #tip: { last: number };
  readonly #at: number;
  #record: Readonly<Record<string, number>> | undefined;

  private constructor(table: Map<string, Mark[]>, tip: { last: number }, at: number) {
    this.#table = table;
    this.#tip = tip;
    this.#at = at;
  }

  static of(record: Readonly<Record<string, number>>): VisitCounts {
    const table = new Map(Object.entries(record).map(([stepId, count]) => [stepId, [{ at: 0, count }]]));
    return new VisitCounts(table, { last: 0 }, 0);
  }

  get(stepId: string): number {
    const marks = this.#table.get(stepId) ?? [];
    for (let index = marks.length - 1; index >= 0; index -= 1) {
      const mark = marks[index] as Mark;
      if (mark.at <= this.#at) return mark.count;
    }
    return 0;
  }

  enter(stepId: string): VisitCounts {
    // A decision that lost its race leaves marks behind; who goes on from before it starts a table of its own.
    if (this.#tip.last !== this.#at) return VisitCounts.of(this.record()).enter(stepId);
    const marks = this.#table.get(stepId) ?? [];
    const at = this.#at + 1;
    this.#tip.last = at;
    marks.push({ at, count: this.get(stepId) + 1 });
    this.#table.set(stepId, marks);
    return new VisitCounts(this.#table, this.#tip, at);
  }

  /** All counts, made when they are first asked for. */
  record(): Readonly<Record<string, number>> {
    this.#record ??= Object.freeze(
      Object.fromEntries(
        [...this.#table.keys()].flatMap((stepId) => {
          const count = this.get(stepId);
          return count > 0 ? [[stepId, count]] : [];
        }),
      ),
    );
    return this.#record;
  }
}

interface Mark {
  readonly at: number;
  readonly count: number;
}
