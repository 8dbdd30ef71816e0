import type { Random } from '../../test/e2e/support/random.ts';

/** A run that the load is made of: what is asked of the World for it, and what it has to have done when it is over. */
export interface Program {
  readonly name: string;
  /** How many marks it has to give. */
  readonly steps: number;
  /** Whether its steps come one after the other, in the order of its marks. */
  readonly inOrder: boolean;
  /** What it waits to be told, and has to give back; undefined: it waits for nobody. */
  readonly word?: string;
  start(): Promise<string>;
  /** Tells it the word. False: it does not listen yet. */
  answer(runId: string): Promise<boolean>;
  outcome(runId: string): Promise<ProgramOutcome>;
}

export interface ProgramOutcome {
  /** Under which name its bodies write in the ledger. */
  readonly owner: string;
  readonly marks: readonly string[];
  readonly word?: string | undefined;
}

/** Where the load takes its next run from. */
export type Programs = (random: Random) => Program;

/** Half of the load is of each kind. */
export function mixed(one: Programs, other: Programs): Programs {
  return (random) => (random.chance(0.5) ? one : other)(random);
}
