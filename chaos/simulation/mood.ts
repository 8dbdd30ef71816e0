import type { Random } from '../../test/e2e/support/random.ts';

/** What a seed makes of a simulation: how many work, how narrow it gets, and how much goes wrong. */
export interface Mood {
  readonly workers: number;
  readonly runs: number;
  /** Executions of flows. */
  readonly executions: number;
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
  /** How far the clock of each host is from that of the database. */
  readonly skewsMs: readonly number[];
  /** After this nothing goes wrong any more. */
  readonly quietAfterMs: number;
}

/** Processes that a simulation can have: workers, and one that only starts runs. */
export const processCount = 4;
const hourMs = 3_600_000;

/** `clocks`: little else goes wrong, but no clock can be trusted; `flows`: executions of flows beside a few runs of code. */
export type Theme = 'everything' | 'clocks' | 'flows';

export function randomMood(random: Random, theme: Theme): Mood {
  if (theme === 'flows') {
    const mood = randomMood(random, random.chance(0.25) ? 'clocks' : 'everything');
    return { ...mood, runs: random.between(0, 2), executions: random.between(1, 4) };
  }
  const mood = everything(random);
  if (theme === 'everything') return mood;
  const jump = () => ({
    atMs: random.between(100, 6_000),
    byMs: random.pick([hourMs, random.between(1, 90_000), -random.between(1, 90_000), -1_000]),
  });
  return {
    ...mood,
    refusalChance: 0,
    jumps: Array.from({ length: random.between(0, 3) }, jump),
    skewsMs: Array.from({ length: processCount }, () => random.pick([0, 600_000, -600_000, random.between(-60_000, 60_000)])),
  };
}

function everything(random: Random): Mood {
  const calm = random.chance(0.1);
  const chance = (...chances: [number, ...number[]]) => (calm ? 0 : random.pick(chances));
  // What is due by the wall clock is due so much later after a jump back: an hour of heartbeats would have to be lived through.
  const jump = () => ({ atMs: random.between(200, 5_000), byMs: random.chance(0.5) ? hourMs : -random.between(1, 60_000) });
  return {
    workers: random.between(1, 3),
    runs: random.between(1, 4),
    executions: 0,
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
    skewsMs: Array.from({ length: processCount }, () => 0),
    quietAfterMs: 6_000,
  };
}
