import type { CommitNotes } from '../store/commit-notes.ts';
import { GroupCommit } from '../store/group-commit.ts';
import type { BatchAct } from './batch.ts';
import { type Committer, laneCount } from './committer.ts';
import type { FlowBatchAct, SettleCodeAct } from './flow-batch.ts';

type Grouped = Exclude<BatchAct, SettleCodeAct>;

/**
 * Batches under way at the same time: while the server performs one, this process prepares the other. An execution stays in the lane of its
 * shard, and so do its children; everything else goes by the first.
 */
export class Lanes {
  readonly first: GroupCommit<Grouped>;
  readonly #lanes: readonly GroupCommit<Grouped>[];

  constructor(committer: Committer, notes: CommitNotes) {
    const lane = (index: number) => new GroupCommit<Grouped>({ transact: (acts) => committer.transact(acts, index), notes });
    this.first = lane(0);
    this.#lanes = [this.first, ...Array.from({ length: laneCount - 1 }, (_, index) => lane(index + 1))];
  }

  of(act: FlowBatchAct): GroupCommit<Grouped> {
    return this.#lanes[shardOfAct(act) % laneCount] ?? this.first;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

function shardOfAct(act: FlowBatchAct): number {
  if (act.kind === 'flowCommit') return act.writes[0]?.shard ?? 0;
  return 'shard' in act ? act.shard : 0;
}
