import type { Clock } from '../base/clock.ts';
import type { CommitNotes } from '../store/commit-notes.ts';
import { GroupCommit, type GroupCommitOptions } from '../store/group-commit.ts';
import { Foresight } from '../store/foresight.ts';
import { shardOfAct } from './act-shard.ts';
import type { BatchAct } from './batch.ts';
import { laneCount } from './committer.ts';
import type { FlowBatchAct, SettleCodeAct } from './flow-batch.ts';

type Grouped = Exclude<BatchAct, SettleCodeAct>;
type Transact = (acts: readonly Grouped[], lane: number) => ReturnType<GroupCommitOptions<Grouped>['transact']>;

/**
 * Batches under way at the same time: while the server performs one, this process prepares the other. An execution stays in the lane of its
 * shard, and so do its children; everything else goes by the first.
 */
export class Lanes {
  readonly first: GroupCommit<Grouped>;
  readonly #lanes: readonly GroupCommit<Grouped>[];

  /** Each lane says its number with its acts. */
  constructor(transact: Transact, notes: CommitNotes, clock: Clock) {
    const lane = (index: number, foresight?: Foresight) =>
      new GroupCommit<Grouped>({ transact: (acts) => transact(acts, index), notes, foresight, gathers: true });
    // Runs of code all go by the first.
    this.first = lane(0, new Foresight(clock));
    this.#lanes = [this.first, ...Array.from({ length: laneCount - 1 }, (_, index) => lane(index + 1))];
  }

  of(act: FlowBatchAct): GroupCommit<Grouped> {
    return this.#lanes[(shardOfAct(act) ?? 0) % laneCount] ?? this.first;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}
