import type { ClaimAct, ClaimFilter, Outcomes } from '../world/port.ts';
import type { TakenRun } from '../world/rows.ts';
import type { Connection } from './connection.ts';
import { claimMessages } from './messages.ts';
import { takeRun } from './runs.ts';
import { claimSteps } from './steps.ts';

/** Leases what is due to a worker, oldest first. */
export function claim(db: Connection, { owner, now, filter, limits }: ClaimAct): Outcomes['claim'] {
  const namespaces = JSON.stringify(filter.namespaces);
  const stepNames = filter.stepNames && JSON.stringify(filter.stepNames);
  const keyIds = filter.keyIds ? JSON.stringify(filter.keyIds) : null;
  const wants = (kind: 'run' | 'step' | 'message') => filter.kinds.includes(kind) && limits[kind] > 0;
  const claims = {
    runs: wants('run') ? claimRuns(db, { owner, now, namespaces, keyIds, deploymentId: filter.deploymentId, limit: limits.run }) : [],
    steps: wants('step')
      ? claimSteps(db, { owner, now, namespaces, stepNames, keyIds, deploymentId: filter.deploymentId, limit: limits.step })
      : [],
    messages: wants('message')
      ? claimMessages(db, { owner, now, namespaces, deploymentId: filter.deploymentId, limit: limits.message })
      : [],
  };
  return { kind: 'claimed', claims, nextDueAt: nextDueAt(db, filter), ownerAlive: true };
}

interface RunClaim {
  readonly owner: string;
  readonly now: number;
  readonly namespaces: string;
  readonly keyIds: string | null;
  readonly deploymentId: string | null;
  readonly limit: number;
}

function claimRuns(db: Connection, runClaim: RunClaim): TakenRun[] {
  return db
    .all<{ runId: string }>(
      `select run_id as runId from runs indexed by runs_queue
       where lease_owner is null and due_at is not null and due_at <= :now
         and namespace in (select value from json_each(:namespaces))
         and (:deploymentId is null or deployment_id = :deploymentId)
         and (:keyIds is null or encryption_key_id is null or encryption_key_id in (select value from json_each(:keyIds)))
       order by due_at
       limit :limit`,
      runClaim,
    )
    .map((key) => takeRun(db, { ...key, owner: runClaim.owner, now: runClaim.now }))
    .filter((run) => run !== undefined);
}

export function listDueKeyIds(db: Connection, now: number): string[] {
  const due = 'lease_owner is null and due_at is not null and due_at <= :now';
  return db
    .all<{ keyId: string }>(
      `select encryption_key_id as keyId from runs indexed by runs_queue
       where ${due} and encryption_key_id is not null
       union
       select encryption_key_id from runs
       where encryption_key_id is not null and run_id in (select run_id from steps indexed by steps_queue where ${due})`,
      { now },
    )
    .map(({ keyId }) => keyId);
}

/** The earliest due time of anything that nobody has; what the filter would not admit may wake a worker for nothing. */
export function nextDueAt(db: Connection, { kinds }: ClaimFilter): number | undefined {
  const tables = { run: 'runs', step: 'steps', message: 'messages' } as const;
  const dues = kinds.map(
    (kind) =>
      db.get<{ dueAt: number | null }>(`select min(due_at) as dueAt from ${tables[kind]} where lease_owner is null and due_at is not null`)
        ?.dueAt ?? Infinity,
  );
  const next = Math.min(Infinity, ...dues);
  return next === Infinity ? undefined : next;
}
