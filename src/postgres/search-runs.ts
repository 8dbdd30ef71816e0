import type { ChangedRuns, ChangesQuery, FoundRun, RunSearch } from '../world/operator-port.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';
import { runColumns } from './runs.ts';

// In the text as it is (flow/world/encode-execution.ts): read as JSON, one NUL of a user's in it would fail the whole list. Within a
// string every quote is escaped, and the only other member of that name is in the attempt, which comes after it. Older releases
// did not put the status first.
const isWaiting = `exists (
  select 1 from pawl.executions e
  where e.shard = runs.shard and e.run_id = runs.run_id and position('"status":"waiting"' in split_part(e.fields, ',"attempt":', 1)) > 0)`;
const columns = `${runColumns},
    case when namespace = 'flow' then
      (select e.tenant_id from pawl.executions e where e.shard = runs.shard and e.run_id = runs.run_id) end as "tenantId",
    case when status = 'running' and namespace = 'flow' then ${isWaiting} else false end as waiting`;

export async function searchRuns(db: Database, search: RunSearch): Promise<FoundRun[]> {
  const { after, order, limit } = search;
  const past = order === 'asc' ? '>' : '<';
  const args = new Arguments();
  return db.query<FoundRun>(
    `select ${columns} from pawl.runs
     where true
       ${conditions(search, args).join('\n       ')}
       ${after === undefined ? '' : `and (created_at, run_id) ${past} (${args.put(after.at)}, ${args.put(after.id)})`}
     order by created_at ${order}, run_id ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}

function conditions({ status, kind, name, tenantId, createdFrom, createdBefore, idText }: RunSearch, args: Arguments): string[] {
  const waits = `namespace = 'flow' and ${isWaiting}`;
  const wanted: string[] = [];
  if (status === 'waiting' || status === 'running')
    wanted.push(`and status = 'running' and ${status === 'waiting' ? '' : 'not '}(${waits})`);
  else if (status !== undefined) wanted.push(`and status = ${args.put(status)}`);
  if (kind !== undefined) wanted.push(`and namespace ${kind === 'flow' ? '=' : '<>'} 'flow'`);
  if (name !== undefined) wanted.push(`and position(lower(${args.put(name)}) in lower(workflow_name)) > 0`);
  if (tenantId !== undefined) wanted.push(`and ${isOfTenant(args.put(tenantId))}`);
  if (createdFrom !== undefined) wanted.push(`and created_at >= ${args.put(createdFrom)}`);
  if (createdBefore !== undefined) wanted.push(`and created_at < ${args.put(createdBefore)}`);
  if (idText !== undefined) wanted.push(`and position(lower(${args.put(idText)}) in lower(run_id)) > 0`);
  return wanted;
}

function isOfTenant(place: string): string {
  return `exists (
         select 1 from pawl.executions e
         where e.shard = runs.shard and e.run_id = runs.run_id and e.tenant_id = ${place})`;
}

export async function findRun(db: Database, runId: string): Promise<FoundRun | undefined> {
  const [row] = await db.query<FoundRun>(
    `select ${columns} from pawl.runs
     where shard = $1 and run_id = $2`,
    [shardOf(runId), runId],
  );
  return row;
}

// One that was created and has ended since is found by its end.
const created = `created_at >= $1 and completed_at is null order by created_at desc limit $2`;
const ended = `status in ('completed', 'failed', 'cancelled') and completed_at >= $1 order by completed_at desc limit $2`;
// By the whole key: no index begins with the id of a run.
const changed = `updated_at >= $1
  and (shard, run_id) in (
    select r.shard, r.run_id from pawl.runs r where r.status in ('pending', 'running') order by r.created_at desc limit $2)`;

export async function listChangedRuns(db: Database, { since, limit, watched }: ChangesQuery): Promise<ChangedRuns> {
  const read = (which: string, most: number) => db.query<FoundRun>(`select ${columns} from pawl.runs where ${which}`, [since, most]);
  const [begun, over, others] = await Promise.all([read(created, limit), read(ended, limit), read(changed, watched)]);
  return {
    runs: [...new Map([...begun, ...over, ...others].map((row) => [row.runId, row])).values()],
    whole: begun.length < limit && over.length < limit,
  };
}
