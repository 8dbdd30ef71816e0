import type { Random } from '../../test/e2e/support/random.ts';

/** What a seed makes of a simulation: how many work, how narrow it gets, and how much goes wrong. */
export interface Mood {
  readonly workers: number;
  readonly runs: number;
  readonly leaseMs: number;
  readonly flowConcurrency: number;
  readonly stepConcurrency: number;
  readonly maxLatencyMs: number;
  readonly hintChance: number;
  /** The chances at each point where a process waits for the database. */
  readonly crashChance: number;
  readonly leaveChance: number;
  readonly stallChance: number;
  readonly refusalChance: number;
  readonly lostAnswerChance: number;
  /** When the wall clock jumps, and how far. */
  readonly jumps: readonly { readonly atMs: number; readonly byMs: number }[];
  /** After this nothing goes wrong any more. */
  readonly quietAfterMs: number;
}

const hourMs = 3_600_000;

export function randomMood(random: Random): Mood {
  const calm = random.chance(0.1);
  const chance = (...chances: [number, ...number[]]) => (calm ? 0 : random.pick(chances));
  // What is due by the wall clock is due so much later after a jump back: an hour of heartbeats would have to be lived through.
  const jump = () => ({ atMs: random.between(200, 5_000), byMs: random.chance(0.5) ? hourMs : -random.between(1, 60_000) });
  return {
    workers: random.between(1, 3),
    runs: random.between(1, 4),
    leaseMs: random.pick([1_000, 3_000]),
    flowConcurrency: random.pick([1, 2, 8]),
    stepConcurrency: random.pick([1, 2, 8]),
    maxLatencyMs: random.pick([0.2, 3, 40]),
    hintChance: random.pick([0, 0.5, 1]),
    crashChance: chance(0, 0.002, 0.01, 0.03),
    leaveChance: chance(0, 0, 0.002),
    stallChance: chance(0, 0.001, 0.005),
    refusalChance: chance(0, 0, 0.01, 0.05),
    lostAnswerChance: chance(0, 0, 0.01),
    jumps: random.chance(0.15) && !calm ? [jump()] : [],
    quietAfterMs: 6_000,
  };
}
