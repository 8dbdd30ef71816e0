/**
 * How often each step was entered, at one point of an execution. All points share one table; looking up and counting
 * on cost the same however many steps there are, where copying an object of counts would not.
 */
export class VisitCounts {
  readonly #table: Map<string, Mark[]>;
  readonly #tip: { last: number };
  readonly #at: number;
  /** How many steps were entered. */
  readonly size: number;
  #record: Readonly<Record<string, number>> | undefined;

  private constructor(table: Map<string, Mark[]>, tip: { last: number }, { at, size }: { at: number; size: number }) {
    this.#table = table;
    this.#tip = tip;
    this.#at = at;
    this.size = size;
  }

  static of(record: Readonly<Record<string, number>>): VisitCounts {
    const table = new Map(Object.entries(record).map(([stepId, count]) => [stepId, [{ at: 0, count }]]));
    return new VisitCounts(table, { last: 0 }, { at: 0, size: table.size });
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
    const count = this.get(stepId) + 1;
    marks.push({ at, count });
    this.#table.set(stepId, marks);
    return new VisitCounts(this.#table, this.#tip, { at, size: count === 1 ? this.size + 1 : this.size });
  }

  /** All counts, made when they are first asked for. */
  record(): Readonly<Record<string, number>> {
    this.#record ??= this.#makeRecord();
    return this.#record;
  }

  #makeRecord(): Readonly<Record<string, number>> {
    const record: Record<string, number> = {};
    for (const stepId of this.#table.keys()) {
      const count = this.get(stepId);
      if (count > 0) record[stepId] = count;
    }
    return Object.freeze(record);
  }
}

interface Mark {
  readonly at: number;
  readonly count: number;
}
