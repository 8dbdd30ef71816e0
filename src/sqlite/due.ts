import { kindsOf, namespacesOf } from '../world/claim-filter.ts';
import type { ClaimFilter, ClaimKind } from '../world/port.ts';
import type { Connection } from './connection.ts';

/** What nobody has and becomes due within an interval, both instants included, as far as the filter of a worker admits it. */
export interface DueQuery {
  readonly namespaces: string;
  /** Of runs: whether executions of flows, or runs of code. */
  readonly flows: 0 | 1;
  readonly stepNames: string | null;
  readonly keyIds: string | null;
  readonly deploymentId: string | null;
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

export interface DueInterval {
  readonly from: number;
  readonly until: number;
}

/** Where claims and looks find what is due longest: they have to agree on what a worker can take. */
export const dueRuns = `
  from runs indexed by runs_queue
  where lease_owner is null and (namespace = 'flow') = :flows and due_at is not null and due_at between :from and :until
    and namespace in (select value from json_each(:namespaces))
    and (:deploymentId is null or deployment_id = :deploymentId)
    and (:keyIds is null or encryption_key_id is null or encryption_key_id in (select value from json_each(:keyIds)))
  order by due_at
  limit :limit`;

export const dueSteps = `
  from steps s indexed by steps_queue
  join runs r on r.run_id = s.run_id
  where s.due_at is not null and s.lease_owner is null and s.due_at between :from and :until
    and s.namespace in (select value from json_each(:namespaces))
    and (:stepNames is null or s.step_name in (select value from json_each(:stepNames)))
    and (:deploymentId is null or r.deployment_id = :deploymentId)
    and (:keyIds is null or r.encryption_key_id is null or r.encryption_key_id in (select value from json_each(:keyIds)))
  order by s.due_at
  limit :limit`;

export const dueMessages = `
  from messages indexed by messages_queue
  where due_at is not null and lease_owner is null and due_at between :from and :until
    and namespace in (select value from json_each(:namespaces))
    and (:deploymentId is null or deployment_id is null or deployment_id = :deploymentId)
  order by due_at
  limit :limit`;

const firstDue: Readonly<Record<ClaimKind, string>> = {
  run: `select due_at as dueAt ${dueRuns}`,
  flow: `select due_at as dueAt ${dueRuns}`,
  step: `select s.due_at as dueAt ${dueSteps}`,
  message: `select due_at as dueAt ${dueMessages}`,
};

export function dueQuery(filter: ClaimFilter, kind: ClaimKind, { from, until }: DueInterval, limit: number): DueQuery {
  const { stepNames, keyIds, deploymentId } = filter;
  return {
    namespaces: JSON.stringify(namespacesOf(filter, kind)),
    flows: kind === 'flow' ? 1 : 0,
    stepNames: stepNames && JSON.stringify(stepNames),
    keyIds: keyIds ? JSON.stringify(keyIds) : null,
    deploymentId,
    from,
    until,
    limit,
  };
}

export function nextDueAt(db: Connection, filter: ClaimFilter, interval: DueInterval): number | undefined {
  const dues = kindsOf(filter).map(
    (kind) => db.get<{ dueAt: number }>(firstDue[kind], { ...dueQuery(filter, kind, interval, 1) })?.dueAt ?? Infinity,
  );
  const next = Math.min(Infinity, ...dues);
  return next === Infinity ? undefined : next;
}
