import type { Clock } from '../base/clock.ts';
import { dropOldest } from '../base/drop-oldest.ts';
import { Pauses } from '../base/pauses.ts';
import type { StepBurst } from '../world/port.ts';
import type { RunRow } from '../world/rows.ts';
import { costMs, leastMs, mostRuns } from './replay-cost.ts';

// A run whose log has grown by less since it was last replayed here cannot have so many steps under way that it matters.
const fewEvents = 100;
const lookAtLeastEveryMs = 1_000;

/**
 * The steps that other workers have under way. Their ends are not heard of, so the database is asked: seldom, for a run that was replayed here
 * a moment ago has no more of them than were seen then.
 */
export class StepsElsewhere {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #countSteps: (runId: string) => Promise<StepBurst>;
  /** How long the log of a run was when it was last replayed here. */
  readonly #replayedAt = new Map<string, number>();
  readonly #pauses: Pauses;
  #stopped = false;

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>, countSteps: (runId: string) => Promise<StepBurst>) {
    this.#clock = clock;
    this.#countSteps = countSteps;
    this.#pauses = new Pauses(clock);
  }

  /** To be asked once for each replay. */
  mayHaveMore({ runId, lastSeq }: Pick<RunRow, 'runId' | 'lastSeq'>): boolean {
    const replayedAt = this.#replayedAt.get(runId) ?? 0;
    this.#replayedAt.delete(runId);
    this.#replayedAt.set(runId, lastSeq);
    dropOldest(this.#replayedAt, mostRuns);
    return lastSeq - replayedAt > fewEvents;
  }

  /** Resolves when a replay costs less than to wait for what is under way, or has been waited for as long as it would take. */
  async calm(runId: string): Promise<void> {
    const since = this.#clock.monotonic();
    while (!this.#stopped) {
      // A database that is away tells the replay so.
      const { open, ended } = await this.#countSteps(runId).catch(() => ({ open: 0, ended: 0 }));
      const waitMs = costMs(ended, open);
      const leftMs = since + waitMs - this.#clock.monotonic();
      if (waitMs < leastMs || leftMs <= 0) return;
      await this.#pauses.for(Math.min(leftMs, Math.max(leastMs, Math.min(waitMs / 20, lookAtLeastEveryMs))));
    }
  }

  /** Whoever waits goes on. */
  stop(): void {
    this.#stopped = true;
    this.#pauses.end();
  }
}
