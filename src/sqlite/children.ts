import type { ChildEnd, ChildResultQuery, ChildResultRow, ChildTallyRow, ExecutionWrite } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';

const insertChild = 'insert into children (parent_id, group_name, child_index, child_id, kind, status, output, error)';

export function addChildren(db: Connection, { runId: parentId, children }: ExecutionWrite): void {
  for (const { group, index, childId, kind } of children) {
    db.run(`${insertChild} values (:parentId, :group, :index, :childId, :kind, null, null, null)`, {
      parentId,
      group,
      index,
      childId,
      kind,
    });
    db.run(
      `insert into child_groups (parent_id, group_name, created, finished, succeeded) values (:parentId, :group, 1, 0, 0)
       on conflict (parent_id, group_name) do update set created = created + 1`,
      { parentId, group },
    );
  }
}

/** True if this is the first end of that child; its parent is due then if it was the one it waits for. */
export function settleChild(db: Connection, child: ChildEnd, now: number): boolean {
  const first = db.run(
    `${insertChild} values (:parentId, :group, :index, :childId, 'flow', :status, :output, :error)
     on conflict (parent_id, group_name, child_index) do update
     set status = excluded.status, output = excluded.output, error = excluded.error
     where children.status is null`,
    child,
  );
  if (first === 0) return false;
  countEnd(db, { ...child, now });
  return true;
}

/** The end of a run of code, told to the execution that waits for it in the act that ends the run. */
export function settleCodeChild(db: Connection, end: { readonly runId: string; readonly status: string; readonly at: number }): void {
  const child = db.get<{ parentId: string; group: string }>(
    `update children set status = :status
     where child_id = :runId and kind = 'code' and status is null
     returning parent_id as parentId, group_name as "group"`,
    end,
  );
  if (child) countEnd(db, { ...child, status: end.status, now: end.at });
}

interface End {
  readonly parentId: string;
  readonly group: string;
  readonly status: string;
  readonly now: number;
}

function countEnd(db: Connection, { parentId, group, status, now }: End): void {
  const succeeded = status === 'completed' ? 1 : 0;
  db.run(
    `insert into child_groups (parent_id, group_name, created, finished, succeeded) values (:parentId, :group, 0, 1, :succeeded)
     on conflict (parent_id, group_name) do update set finished = finished + 1, succeeded = succeeded + :succeeded`,
    { parentId, group, succeeded },
  );
  db.run(
    `update runs set due_at = min(coalesce(due_at, :now), :now)
     where run_id = :parentId and status in ('pending', 'running')
       and exists (select 1 from executions e join child_groups g on g.parent_id = e.run_id and g.group_name = e.join_group
                   where e.run_id = :parentId and e.join_group = :group and g.finished >= e.join_wake_when)`,
    { parentId, group, now },
  );
}

export function tallyChildren(db: Connection, parentId: string, group: string): ChildTallyRow {
  const tally = db.get<ChildTallyRow>(
    'select created, finished, succeeded from child_groups where parent_id = :parentId and group_name = :group',
    { parentId, group },
  );
  return tally ?? { created: 0, finished: 0, succeeded: 0 };
}

export function listChildResults(db: Connection, query: ChildResultQuery): ChildResultRow[] {
  return db.all<ChildResultRow>(
    `select parent_id as parentId, group_name as "group", child_index as "index", child_id as childId, kind, status, output, error
     from children
     where parent_id = :parentId and group_name = :group and child_index > :after and status is not null
     order by child_index
     limit :limit`,
    query,
  );
}

export interface OpenChild {
  readonly group: string;
  readonly index: number;
  readonly childId: string;
  readonly kind: 'flow' | 'code';
}

export function listOpenChildren(db: Connection, parentId: string, group: string | null): OpenChild[] {
  return db.all<OpenChild>(
    `select group_name as "group", child_index as "index", child_id as childId, kind from children indexed by children_open
     where parent_id = :parentId and status is null and (:group is null or group_name = :group)
     order by group_name, child_index`,
    { parentId, group },
  );
}

/** A worker ends it before anything else; false if there is no such execution, or it is over. */
export function requestCancel(
  db: Connection,
  request: { readonly runId: string; readonly cancellation: string; readonly at: number },
): boolean {
  const open = db.run(
    `update runs set due_at = :at
     where run_id = :runId and status in ('pending', 'running')`,
    request,
  );
  if (open === 0) return false;
  return db.run('update executions set cancel_request = :cancellation, cancel_at = :at where run_id = :runId', request) > 0;
}
