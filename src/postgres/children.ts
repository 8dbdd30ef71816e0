import type { ChildResultQuery, ChildResultRow, ChildTallyRow } from '../world/flow-port.ts';
import { shardOf } from '../world/shard.ts';
import type { ChildOf } from './committer.ts';
import type { Database } from './database.ts';
import type { RunKey } from './flow-batch.ts';

export async function tallyChildren(db: Database, parentId: string, group: string): Promise<ChildTallyRow> {
  const [tally] = await db.query<ChildTallyRow>(
    `select created, finished, succeeded from pawl.child_groups
     where shard = $1 and parent_id = $2 and group_name = $3`,
    [shardOf(parentId), parentId, group],
  );
  return tally ?? { created: 0, finished: 0, succeeded: 0 };
}

export function listChildResults(db: Database, { parentId, group, after, limit }: ChildResultQuery): Promise<ChildResultRow[]> {
  return db.query<ChildResultRow>(
    `select parent_id as "parentId", group_name as "group", child_index as "index", child_id as "childId", kind, status, output, error
     from pawl.children
     where shard = $1 and parent_id = $2 and group_name = $3 and child_index > $4 and status is not null
     order by child_index
     limit $5`,
    [shardOf(parentId), parentId, group, after, limit],
  );
}

/** The runs of the children that are still open. */
export function listOpenChildren(db: Database, parentId: string): Promise<RunKey[]> {
  return db.query<RunKey>(
    `select child_shard as shard, child_id as "runId" from pawl.children
     where shard = $1 and parent_id = $2 and status is null`,
    [shardOf(parentId), parentId],
  );
}

/** Ends of runs of code that nobody has told the parent of: whoever ended them died in between, or is about to. */
export function listUntoldEnds(db: Database): Promise<ChildOf[]> {
  return db.query<ChildOf>('select child_id as "childId", parent_id as "parentId" from pawl.child_ends limit 100');
}
