import type { EndedStatus, Outcomes, PruneAct, PruneQuery, RunCounts } from '../world/port.ts';
import type { Database } from './database.ts';

const endings = ['completed', 'failed', 'cancelled'] as const;
// So many runs that are gone or locked by now: somebody else is at the same list, and it is time for another look.
const mostMissed = 20;

/** Deletes what is kept no longer, the oldest first, each run in a transaction of its own, until the batch is full. */
export async function prune(db: Database, { now, before, maxRows }: PruneAct): Promise<Outcomes['prune']> {
  const runs: Record<EndedStatus, number> = { completed: 0, failed: 0, cancelled: 0 };
  let rows = 0;
  let missed = 0;
  for (const status of endings) {
    const until = before[status];
    if (until === null || rows >= maxRows) continue;
    for (const { shard, runId } of await listPrunable(db, { status, now, until, limit: maxRows - rows })) {
      if (rows >= maxRows || missed >= mostMissed) break;
      const [gone] = await db.query<{ whole: boolean; rows: number }>(
        'select o_whole as whole, o_rows as rows from pawl.pawl_forget_run_v1($1, $2, $3, $4)',
        [shard, runId, now, maxRows - rows],
      );
      rows += gone?.rows ?? 0;
      missed = gone?.rows ? 0 : missed + 1;
      if (gone?.whole) runs[status] += 1;
    }
  }
  return { kind: 'pruned', runs, rows, more: rows >= maxRows || missed >= mostMissed };
}

export async function countPrunable(db: Database, { now, before }: PruneQuery): Promise<RunCounts> {
  const count = async (status: EndedStatus) => {
    const [row] = await db.query<{ runs: number }>(`select count(*) as runs ${prunable}`, [status, now, before[status]]);
    return row?.runs ?? 0;
  };
  return { completed: await count('completed'), failed: await count('failed'), cancelled: await count('cancelled') };
}

// An idempotency key keeps its run until it expires. It lies on a shard of its own, so that on Citus it cannot be asked for run by run.
const prunable = `
  from pawl.runs r
  left join (select run_id from pawl.idempotency_keys where expires_at > $2) held on held.run_id = r.run_id
  where r.status = $1 and r.completed_at < $3 and r.completed_at is not null and held.run_id is null
    and not exists (select 1 from pawl.child_ends e where e.shard = r.shard and e.child_id = r.run_id)`;

interface ListPrunable {
  readonly status: EndedStatus;
  readonly now: number;
  readonly until: number;
  readonly limit: number;
}

function listPrunable(db: Database, { status, now, until, limit }: ListPrunable): Promise<{ shard: number; runId: string }[]> {
  return db.query(`select r.shard, r.run_id as "runId" ${prunable} order by r.completed_at limit $4`, [status, now, until, limit]);
}
