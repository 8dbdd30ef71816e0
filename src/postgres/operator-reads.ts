import type { AuditRow, EntityCounts, EventTypesQuery, OperatorReads, QueueDepthRow } from '../world/operator-port.ts';
import type { AuditAct, Outcomes } from '../world/port.ts';
import type { EventRow, RunRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';
import { smallEventColumns } from './events.ts';
import { runColumns } from './runs.ts';
import { findRun, listChangedRuns, searchRuns } from './search-runs.ts';
import { listStepTimes, readThroughput } from './throughput.ts';

export function operatorReads(db: Database): OperatorReads {
  return {
    searchRuns: (query) => searchRuns(db, query),
    findRun: (runId) => findRun(db, runId),
    listChangedRuns: (query) => listChangedRuns(db, query),
    countEntities: (runId) => countEntities(db, runId),
    listEventsOfTypes: (query) => listEventsOfTypes(db, query),
    listQueueDepths: (now) => listQueueDepths(db, now),
    listStuckRuns: (limit) => listStuckRuns(db, limit),
    readThroughput: (query) => readThroughput(db, query),
    listStepTimes: (query) => listStepTimes(db, query),
    listAudit: (query) => listAudit(db, query),
  };
}

async function countEntities(db: Database, runId: string): Promise<EntityCounts> {
  const [counts] = await db.query<EntityCounts>(
    `select (select count(*) from pawl.steps where shard = $1 and run_id = $2) as steps,
            (select count(*) from pawl.streams where run_id = $2) as streams,
            (select count(*) from pawl.events where shard = $1 and run_id = $2 and type = 'hook_created') as hooks,
            (select count(*) from pawl.events where shard = $1 and run_id = $2 and type = 'wait_created') as waits`,
    [shardOf(runId), runId],
  );
  return counts as EntityCounts;
}

export function listEventsOfTypes(db: Database, { runId, types, correlationIds }: EventTypesQuery): Promise<EventRow[]> {
  const args = new Arguments();
  return db.query<EventRow>(
    `select ${smallEventColumns}, null as payload from pawl.events
     where shard = ${args.put(shardOf(runId))} and run_id = ${args.put(runId)} and type = any(${args.put(types)})
       ${correlationIds ? `and correlation_id = any(${args.put(correlationIds)})` : ''}
     order by seq`,
    args.values,
  );
}

async function listQueueDepths(db: Database, now: number): Promise<QueueDepthRow[]> {
  const depth = (table: string, kind: string) =>
    db.query<QueueDepthRow>(
      `select ${kind} as kind,
              count(*) filter (where lease_owner is null and due_at <= $1) as ready,
              count(*) filter (where lease_owner is not null) as leased,
              count(*) filter (where lease_owner is null and due_at > $1) as delayed,
              min(due_at) filter (where lease_owner is null and due_at <= $1) as "oldestDueAt"
       from pawl.${table}
       where (due_at is not null and lease_owner is null) or lease_owner is not null
       group by 1`,
      [now],
    );
  const runs = depth('runs', `case when namespace = 'flow' then 'flow' else 'run' end`);
  return (await Promise.all([runs, depth('steps', `'step'`), depth('messages', `'message'`)])).flat();
}

function listStuckRuns(db: Database, { limit }: { readonly limit: number }): Promise<RunRow[]> {
  return db.query<RunRow>(
    `select ${runColumns} from pawl.runs
     where status in ('pending', 'running') and due_at is null and lease_owner is null
       and not exists (
         select 1 from pawl.steps s
         where s.shard = runs.shard and s.run_id = runs.run_id and (s.due_at is not null or s.lease_owner is not null))
       and not exists (
         select 1 from pawl.hooks h
         where h.shard = runs.shard and h.run_id = runs.run_id and h.status = 'live')
       and not exists (
         select 1 from pawl.executions e
         where e.shard = runs.shard and e.run_id = runs.run_id and e.join_group is not null)
     order by created_at
     limit $1`,
    [limit],
  );
}

function listAudit(db: Database, { tenantId, after, limit }: Parameters<OperatorReads['listAudit']>[0]): Promise<AuditRow[]> {
  const args = new Arguments();
  return db.query<AuditRow>(
    `select audit_id as "auditId", at, tenant_id as "tenantId", entry from pawl.audit_log
     where true
       ${tenantId === null ? '' : `and tenant_id = ${args.put(tenantId)}`}
       ${after === undefined ? '' : `and audit_id < ${args.put(after)}`}
     order by audit_id desc
     limit ${args.limit(limit)}`,
    args.values,
  );
}

/** Sent again it changes nothing, since each line has an id of its own. */
export async function appendAudit(db: Database, { row, keepFrom }: AuditAct): Promise<Outcomes['audit']> {
  const { auditId, at, tenantId, entry } = row;
  await db.query('insert into pawl.audit_log (audit_id, at, tenant_id, entry) values ($1, $2, $3, $4) on conflict do nothing', [
    auditId,
    at,
    tenantId,
    entry,
  ]);
  await db.query(
    `delete from pawl.audit_log where audit_id in (
       select audit_id from pawl.audit_log where audit_id < $1 order by audit_id limit 100)`,
    [keepFrom],
  );
  return { kind: 'audited' };
}
