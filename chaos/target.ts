/** One row of the programme: a kind of fault, what is wanted under it, and how that is tried. */
export interface Target {
  /** `R9`, or `R1-postgres` where the same is tried on another store. */
  readonly id: string;
  readonly fault: string;
  readonly want: string;
  /** The part of the whole that fits into some seconds, for `npm test`; undefined: none does. */
  readonly shortScale?: number;
  run(job: Job): Promise<Findings>;
}

export interface Job {
  /** Decides everything that is left to chance; the same seed tries the same. */
  readonly seed: number;
  /** 1: the whole. */
  readonly scale: number;
  /** The commit or tag of the version before this one, where somebody chose it. */
  readonly previous?: string;
  /** Whether the time that it was given is over: then it ends with what it has. */
  readonly isOver?: () => boolean;
  /** A folder of this run's own. */
  readonly scratch: string;
  /** Tells whoever watches how far it is. */
  readonly say: (line: string) => void;
}

export interface Findings {
  /** How much was tried, beside how much a whole run tries: `{ kills: [30, 1000] }`. */
  readonly amounts: Readonly<Record<string, readonly [done: number, whole: number]>>;
  /** What was measured on the way, in words that say their unit. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** What must not happen and did; each says how to see it again. */
  readonly violations: readonly string[];
  /** Times and rates that were wanted and not reached, on a machine that may have been busy with other things. */
  readonly missed?: readonly string[];
  /** What was not tried, and why. */
  readonly notes?: readonly string[];
}

export interface Report extends Findings {
  readonly id: string;
  readonly fault: string;
  readonly want: string;
  readonly seed: number;
  readonly scale: number;
  readonly startedAt: string;
  /** Of the code that was tried; older reports do not say it. */
  readonly commit?: string;
  readonly seconds: number;
  readonly machine: string;
  readonly command: string;
}

/** The part of a whole that a scale stands for, at least one. */
export function part(whole: number, scale: number): number {
  return Math.max(1, Math.round(whole * scale));
}
