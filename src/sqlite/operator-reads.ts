import type { AuditRow, EntityCounts, EventTypesQuery, OperatorReads, QueueDepthRow } from '../world/operator-port.ts';
import type { EventRow, RunRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';
import { smallEventColumns } from './events.ts';
import { runColumns } from './runs.ts';
import { findRun, listChangedRuns, searchRuns } from './search-runs.ts';
import { listStepTimes, readThroughput } from './throughput.ts';

type Read = <T>(query: (db: Connection) => T) => Promise<T>;

export function operatorReads(read: Read): OperatorReads {
  return {
    searchRuns: (query) => read((db) => searchRuns(db, query)),
    findRun: (runId) => read((db) => findRun(db, runId)),
    listChangedRuns: (query) => read((db) => listChangedRuns(db, query)),
    countEntities: (runId) => read((db) => countEntities(db, runId)),
    listEventsOfTypes: (query) => read((db) => listEventsOfTypes(db, query)),
    listQueueDepths: (now) => read((db) => listQueueDepths(db, now)),
    listStuckRuns: (limit) => read((db) => listStuckRuns(db, limit)),
    readThroughput: (query) => read((db) => readThroughput(db, query)),
    listStepTimes: (query) => read((db) => listStepTimes(db, query)),
    listAudit: (query) => read((db) => listAudit(db, query)),
  };
}

function countEntities(db: Connection, runId: string): EntityCounts {
  return db.get<EntityCounts>(
    `select (select count(*) from steps where run_id = :runId) as steps,
            (select count(*) from streams where run_id = :runId) as streams,
            (select count(*) from events where run_id = :runId and type = 'hook_created') as hooks,
            (select count(*) from events where run_id = :runId and type = 'wait_created') as waits`,
    { runId },
  ) as EntityCounts;
}

function listEventsOfTypes(db: Connection, { runId, types, correlationIds }: EventTypesQuery): EventRow[] {
  // By itself SQLite would read the whole log for a few of its entries.
  const these = correlationIds && 'and correlation_id in (select value from json_each(:ids))';
  return db.all<EventRow>(
    `select ${smallEventColumns}, null as payload from events ${these ? 'indexed by events_by_correlation' : ''}
     where run_id = :runId and type in (select value from json_each(:types))
       ${these ?? ''}
     order by seq`,
    { runId, types: JSON.stringify(types), ids: JSON.stringify(correlationIds ?? []) },
  );
}

function listQueueDepths(db: Connection, now: number): QueueDepthRow[] {
  const depth = (table: string, kind: string) =>
    db.all<QueueDepthRow>(
      `select ${kind} as kind,
              count(*) filter (where lease_owner is null and due_at <= :now) as ready,
              count(*) filter (where lease_owner is not null) as leased,
              count(*) filter (where lease_owner is null and due_at > :now) as delayed,
              min(due_at) filter (where lease_owner is null and due_at <= :now) as oldestDueAt
       from ${table}
       where due_at is not null or lease_owner is not null
       group by 1`,
      { now },
    );
  return [
    ...depth('runs', `case when namespace = 'flow' then 'flow' else 'run' end`),
    ...depth('steps', `'step'`),
    ...depth('messages', `'message'`),
  ];
}

function listStuckRuns(db: Connection, { limit }: { readonly limit: number }): RunRow[] {
  return db.all<RunRow>(
    `select ${runColumns} from runs
     where status in ('pending', 'running') and due_at is null and lease_owner is null
       and not exists (select 1 from steps s where s.run_id = runs.run_id and (s.due_at is not null or s.lease_owner is not null))
       and not exists (select 1 from hooks h where h.run_id = runs.run_id and h.status = 'live')
       and not exists (select 1 from executions e where e.run_id = runs.run_id and e.join_group is not null)
     order by created_at
     limit :limit`,
    { limit },
  );
}

type AuditQuery = Parameters<OperatorReads['listAudit']>[0];

function listAudit(db: Connection, { tenantId, after, limit }: AuditQuery): AuditRow[] {
  return db.all<AuditRow>(
    `select audit_id as auditId, at, tenant_id as tenantId, entry from audit_log
     where true
       ${tenantId === null ? '' : 'and tenant_id = :tenantId'}
       ${after === undefined ? '' : 'and audit_id < :after'}
     order by audit_id desc
     limit :limit`,
    { tenantId, after: after ?? null, limit },
  );
}

/** Ids are in the order of time: what is too old stands first. */
export function appendAudit(db: Connection, row: AuditRow, keepFrom: string): void {
  db.run('insert into audit_log (audit_id, at, tenant_id, entry) values (:auditId, :at, :tenantId, :entry) on conflict do nothing', row);
  db.run(
    'delete from audit_log where audit_id in (select audit_id from audit_log where audit_id < :keepFrom order by audit_id limit 100)',
    { keepFrom },
  );
}
