import type { Clock } from '../base/clock.ts';
import { dropOldest } from '../base/drop-oldest.ts';
import type { StepBurst } from '../world/port.ts';
import type { RunRow } from '../world/rows.ts';
import { costMs, leastMs, mostRuns } from './replay-cost.ts';
import { StepsElsewhere } from './steps-elsewhere.ts';

const mostMs = 10_000;

/** The steps of a run that are under way at the same time, as far as this worker knows them. */
interface Burst {
  /** How many the last replay left open, and those that had ended before it. */
  all: number;
  ended: number;
  lastedMs: number;
}

export interface ReplayPaceOptions {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  /** Steps are due that this worker has not claimed yet, so that it cannot tell whose they are. */
  readonly moreToCome: () => boolean;
  /** Asks the database, for what other workers have under way. */
  readonly countSteps: (runId: string) => Promise<StepBurst>;
}

interface Waiting {
  readonly since: number;
  readonly goOn: () => void;
}

/**
 * Keeps a run with many steps under way from being replayed for each few that end. What such a replay costs the SDK grows with the steps that
 * have ended, times those that have not, times all of them; so a run waits as long as its last replay took, and as long as the next one would
 * take, or until no step of it is under way here, whichever is first. At most half of the time goes into replays then, and a run whose replays
 * are short waits for nothing. What other workers have under way is asked of the database, where a run has grown much without this one.
 */
export class ReplayPace {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #moreToCome: () => boolean;
  readonly #underway = new Map<string, number>();
  readonly #bursts = new Map<string, Burst>();
  /** More than one of a run where what was foreseen did not come true: a delivery that will be thrown away waits as well. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #elsewhere: StepsElsewhere;
  #stopped = false;

  constructor({ clock, moreToCome, countSteps }: ReplayPaceOptions) {
    this.#clock = clock;
    this.#moreToCome = moreToCome;
    this.#elsewhere = new StepsElsewhere(clock, countSteps);
  }

  stepBegins(runId: string): void {
    this.#underway.set(runId, this.#underwayOf(runId) + 1);
  }

  stepEnds(runId: string): void {
    const left = this.#underwayOf(runId) - 1;
    if (left > 0) this.#underway.set(runId, left);
    else this.#underway.delete(runId);
    const burst = this.#bursts.get(runId);
    if (burst) burst.ended += 1;
    this.#look(runId);
  }

  /** What was due has been claimed, as far as there are slots. */
  looked(): void {
    for (const runId of [...this.#waiting.keys()]) this.#look(runId);
  }

  /** Undefined when the run may be replayed at once; else resolves when it may. */
  calm(run: Pick<RunRow, 'runId' | 'lastSeq'>): Promise<void> | undefined {
    const mayHaveMore = this.#elsewhere.mayHaveMore(run);
    const here = this.#calmHere(run.runId);
    if (!mayHaveMore || this.#stopped) return here;
    return (here ?? Promise.resolve()).then(() => this.#elsewhere.calm(run.runId));
  }

  #calmHere(runId: string): Promise<void> | undefined {
    const waitMs = this.#underwayOf(runId) === 1 ? 0 : this.#waitMs(runId);
    if (this.#stopped || waitMs === 0) return undefined;
    return new Promise((resolve) => {
      const since = this.#clock.monotonic();
      let cancel = () => {};
      const others = this.#waiting.get(runId) ?? new Set();
      const waiting: Waiting = {
        since,
        goOn: () => {
          cancel();
          others.delete(waiting);
          if (others.size === 0 && this.#waiting.get(runId) === others) this.#waiting.delete(runId);
          resolve();
        },
      };
      const goOnAfter = (ms: number) => {
        cancel = this.#clock.after(ms, () => {
          const left = this.#leftMs(runId, since);
          if (left > 0) goOnAfter(left);
          else waiting.goOn();
        });
      };
      goOnAfter(waitMs);
      this.#waiting.set(runId, others.add(waiting));
    });
  }

  /** A replay of the run begins. The function is to be told how many steps it leaves open. */
  replayBegins(runId: string): (open: number) => void {
    const before = this.#bursts.get(runId);
    const goesOn = before !== undefined && before.ended < before.all;
    const burst: Burst = goesOn ? before : { all: 0, ended: 0, lastedMs: 0 };
    const [endedBefore, beganAt] = [burst.ended, this.#clock.monotonic()];
    this.#bursts.delete(runId);
    this.#bursts.set(runId, burst);
    dropOldest(this.#bursts, mostRuns);
    return (open) => {
      burst.all = endedBefore + open;
      burst.lastedMs = this.#clock.monotonic() - beganAt;
      const isOver = open === 0 || (burst.lastedMs < leastMs && costMs(burst.all / 2, burst.all / 2) < leastMs);
      if (isOver && this.#bursts.get(runId) === burst) this.#bursts.delete(runId);
    };
  }

  /** Whoever waits goes on, and nobody waits any more. */
  stop(): void {
    this.#stopped = true;
    for (const { goOn } of [...this.#waiting.values()].flatMap((waiting) => [...waiting])) goOn();
    this.#elsewhere.stop();
  }

  #look(runId: string): void {
    for (const { since, goOn } of [...(this.#waiting.get(runId) ?? [])]) if (this.#leftMs(runId, since) <= 0) goOn();
  }

  #leftMs(runId: string, since: number): number {
    return since + this.#waitMs(runId) - this.#clock.monotonic();
  }

  /** From when somebody began to wait. */
  #waitMs(runId: string): number {
    const burst = this.#bursts.get(runId);
    const underway = this.#underwayOf(runId);
    if (!burst) return 0;
    const open = Math.max(underway, burst.all - burst.ended);
    if (underway === 0 && !(open > 1 && this.#moreToCome())) return 0;
    const waitMs = Math.max(Math.min(burst.lastedMs, mostMs), costMs(burst.ended, open));
    if (waitMs < leastMs) return 0;
    // What others have claimed meanwhile is not waited for without an end.
    return underway === 0 ? Math.min(waitMs, mostMs) : waitMs;
  }

  #underwayOf(runId: string): number {
    return this.#underway.get(runId) ?? 0;
  }
}
