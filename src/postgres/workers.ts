import type { WorkerRow } from '../world/rows.ts';
import type { Database } from './database.ts';

/** What leases are judged by: an instant that was given, or else the clock of the server. */
const serverNow = '(extract(epoch from now()) * 1000)::bigint';
const clock = `coalesce($1::bigint, ${serverNow})`;

/** What a heartbeat does for a worker that is known, for a thread that has only this: $1 is its id, $2 its lease in milliseconds. */
export const renewal = `
  update pawl.workers set expires_at = greatest(${serverNow} + $2::bigint, least(expires_at, ${serverNow} + 2 * $2::bigint))
  where worker_id = $1`;

export function listWorkers(db: Database, leaseClock: number | null): Promise<WorkerRow[]> {
  return db.query<WorkerRow>(
    `select worker_id as "workerId", host, pid, deployment_id as "deploymentId", started_at as "startedAt", expires_at > ${clock} as live
     from pawl.workers
     order by started_at, worker_id`,
    [leaseClock],
  );
}

export async function hasDeadWorkers(db: Database, leaseClock: number | null): Promise<boolean> {
  // What they left half told is told by the same act that gives back their leases.
  const [row] = await db.query<{ dead: boolean }>(
    `select exists (select 1 from pawl.pawl_dead_v1(${clock})) or exists (select 1 from pawl.child_ends) as dead`,
    [leaseClock],
  );
  return row?.dead === true;
}

/** Workers whose heartbeat ran out, and holders of leases that no worker stands for. */
export async function listDead(db: Database, leaseClock: number | null): Promise<string[]> {
  const rows = await db.query<{ workerId: string }>(`select distinct w as "workerId" from pawl.pawl_dead_v1(${clock}) as w`, [leaseClock]);
  return rows.map(({ workerId }) => workerId);
}

/** The shards in which these workers hold something. */
export async function listShardsHeldBy(db: Database, workerIds: readonly string[]): Promise<number[]> {
  const tables = ['runs', 'steps', 'messages'];
  const found = await Promise.all(
    tables.map((table) =>
      db.query<{ shard: number }>(`select distinct shard from pawl.${table} where lease_owner = any ($1)`, [workerIds]),
    ),
  );
  return [...new Set(found.flat().map(({ shard }) => shard))].toSorted((a, b) => a - b);
}
