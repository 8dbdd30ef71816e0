import type { EndedStatus, Outcomes, PruneAct, PruneQuery, RunCounts } from '../world/port.ts';
import type { Connection } from './connection.ts';

/** Deletes what is kept no longer, the oldest first, until the batch is full. */
export function prune(db: Connection, { now, before, maxRows }: PruneAct): Outcomes['prune'] {
  const runs: Record<EndedStatus, number> = { completed: 0, failed: 0, cancelled: 0 };
  let rows = 0;
  for (const { status, runId } of listPrunable(db, { now, before, limit: maxRows })) {
    if (rows >= maxRows) break;
    const gone = forgetRun(db, { runId, now, limit: maxRows - rows });
    rows += gone.rows;
    if (gone.whole) runs[status] += 1;
  }
  return { kind: 'pruned', runs, rows, more: rows >= maxRows };
}

export function countPrunable(db: Connection, { now, before }: PruneQuery): RunCounts {
  const count = (status: EndedStatus) =>
    db.get<{ runs: number }>(`select count(*) as runs ${prunable}`, { status, now, before: before[status] })?.runs ?? 0;
  return { completed: count('completed'), failed: count('failed'), cancelled: count('cancelled') };
}

// A comparison with null is true of nothing, so that nothing of a status that is kept for ever is found.
const prunable = `
  from runs r indexed by runs_ended
  where r.status = :status and r.completed_at < :before and r.completed_at is not null
    and not exists (select 1 from idempotency_keys k where k.run_id = r.run_id and k.expires_at > :now)`;

function listPrunable(db: Connection, { now, before, limit }: PruneQuery & { readonly limit: number }) {
  return (['completed', 'failed', 'cancelled'] as const).flatMap((status) =>
    db.all<{ status: EndedStatus; runId: string }>(`select r.status, r.run_id as runId ${prunable} order by r.completed_at limit :limit`, {
      status,
      now,
      before: before[status],
      limit,
    }),
  );
}

// Of these a run may have any number.
const many = [
  `delete from stream_chunks where (name, chunk_index) in (
     select c.name, c.chunk_index from streams s join stream_chunks c on c.name = s.name
     where s.run_id = :runId
     limit :limit)`,
  ...Object.entries({
    execution_history: 'position',
    events: 'seq',
    steps: 'step_id',
    hooks: 'hook_id',
    waits: 'wait_id',
    messages: 'message_id',
  }).map(
    ([table, key]) => `
    delete from ${table} where run_id = :runId and ${key} in (
      select ${key} from ${table}
      where run_id = :runId
      limit :limit)`,
  ),
  `delete from execution_values where (run_id, kind, key, path) in (
     select run_id, kind, key, path from execution_values
     where run_id = :runId
     limit :limit)`,
  `delete from children where (parent_id, group_name, child_index) in (
     select parent_id, group_name, child_index from children
     where parent_id = :runId
     limit :limit)`,
];

const few = [
  ...['streams', 'hook_tokens', 'idempotency_keys', 'token_expiries', 'executions'].map(
    (table) => `delete from ${table} where run_id = :runId`,
  ),
  'delete from child_groups where parent_id = :runId',
  // Last, for as long as it is there it is found.
  'delete from runs where run_id = :runId',
];

/** Not whole: the limit came first, and the rest is for the next batch. Until then the run says of itself that its data has expired. */
function forgetRun(
  db: Connection,
  { runId, now, limit }: { readonly runId: string; readonly now: number; readonly limit: number },
): { readonly whole: boolean; readonly rows: number } {
  let rows = 0;
  for (const statement of many) {
    rows += db.run(statement, { runId, limit: limit - rows });
    if (rows < limit) continue;
    db.run('update runs set expired_at = coalesce(expired_at, :now) where run_id = :runId', { runId, now });
    return { whole: false, rows };
  }
  for (const statement of few) rows += db.run(statement, { runId });
  return { whole: true, rows };
}
