import type { ChangedRuns, ChangesQuery, FoundRun, RunSearch } from '../world/operator-port.ts';
import type { Connection } from './connection.ts';
import { runColumns } from './runs.ts';

const isWaiting = `exists (select 1 from executions e where e.run_id = runs.run_id and json_extract(e.fields, '$.status') = 'waiting')`;

const columns = `${runColumns},
  case when namespace = 'flow' then (select e.tenant_id from executions e where e.run_id = runs.run_id) end as tenantId,
  status = 'running' and namespace = 'flow' and ${isWaiting} as waiting`;

type Stored = Omit<FoundRun, 'waiting'> & { readonly waiting: 0 | 1 };
const toRow = (stored: Stored): FoundRun => ({ ...stored, waiting: stored.waiting === 1 });

export function searchRuns(db: Connection, search: RunSearch): FoundRun[] {
  const { after, order, limit } = search;
  const past = order === 'asc' ? '>' : '<';
  return db
    .all<Stored>(
      `select ${columns} from runs
       where true
         ${conditions(search).join('\n         ')}
         ${after === undefined ? '' : `and (created_at, run_id) ${past} (:at, :id)`}
       order by created_at ${order}, run_id ${order}
       limit :limit`,
      {
        status: search.status ?? null,
        name: search.name ?? null,
        tenantId: search.tenantId ?? null,
        createdFrom: search.createdFrom ?? null,
        createdBefore: search.createdBefore ?? null,
        idText: search.idText ?? null,
        at: after?.at ?? null,
        id: after?.id ?? null,
        limit,
      },
    )
    .map(toRow);
}

function conditions({ status, kind, name, tenantId, createdFrom, createdBefore, idText }: RunSearch): string[] {
  const wanted: (string | false)[] = [
    status === 'waiting' && `and status = 'running' and namespace = 'flow' and ${isWaiting}`,
    status === 'running' && `and status = 'running' and not (namespace = 'flow' and ${isWaiting})`,
    status !== undefined && status !== 'waiting' && status !== 'running' && 'and status = :status',
    kind !== undefined && `and namespace ${kind === 'flow' ? '=' : '<>'} 'flow'`,
    name !== undefined && 'and instr(lower(workflow_name), lower(:name)) > 0',
    tenantId !== undefined && 'and run_id in (select e.run_id from executions e where e.tenant_id = :tenantId)',
    createdFrom !== undefined && 'and created_at >= :createdFrom',
    createdBefore !== undefined && 'and created_at < :createdBefore',
    idText !== undefined && 'and instr(lower(run_id), lower(:idText)) > 0',
  ];
  return wanted.filter((condition) => condition !== false);
}

export function findRun(db: Connection, runId: string): FoundRun | undefined {
  const stored = db.get<Stored>(`select ${columns} from runs where run_id = :runId`, { runId });
  return stored && toRow(stored);
}

// One that was created and has ended since is found by its end.
const created = `created_at >= :since and completed_at is null order by created_at desc limit :limit`;
const ended = `status in ('completed', 'failed', 'cancelled') and completed_at >= :since order by completed_at desc limit :limit`;
const changed = `updated_at >= :since
  and run_id in (select r.run_id from runs r where r.status in ('pending', 'running') order by r.created_at desc limit :watched)`;

export function listChangedRuns(db: Connection, query: ChangesQuery): ChangedRuns {
  const found = [created, ended, changed].map((which) => db.all<Stored>(`select ${columns} from runs where ${which}`, query));
  const [begun = [], over = []] = found;
  return {
    runs: [...new Map(found.flat().map((row) => [row.runId, toRow(row)])).values()],
    whole: begun.length < query.limit && over.length < query.limit,
  };
}
