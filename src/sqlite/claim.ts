import { kindsOf, leftOf, onlyKinds } from '../world/claim-filter.ts';
import type { ClaimAct, ClaimKind, Outcomes } from '../world/port.ts';
import type { TakenRun } from '../world/rows.ts';
import type { Connection } from './connection.ts';
import { type DueQuery, dueQuery, dueRuns, nextDueAt } from './due.ts';
import { claimMessages } from './messages.ts';
import { takeRun } from './runs.ts';
import { claimSteps } from './steps.ts';

/** Leases what is due to a worker, oldest first. */
export function claim(db: Connection, { owner, now, filter, limits, from = 0, until }: ClaimAct): Outcomes['claim'] {
  const wanted = kindsOf(filter).filter((kind) => limits[kind] > 0);
  const due = (kind: ClaimKind) => ({ ...dueQuery(filter, kind, { from, until: now }, limits[kind]), owner });
  const claims = {
    runs: wanted.flatMap((kind) => (kind === 'run' || kind === 'flow' ? claimRuns(db, due(kind)) : [])),
    steps: wanted.includes('step') ? claimSteps(db, due('step')) : [],
    messages: wanted.includes('message') ? claimMessages(db, due('message')) : [],
  };
  const left = leftOf(limits, claims);
  const next =
    until === undefined
      ? undefined
      : nextDueAt(
          db,
          onlyKinds(filter, (kind) => left[kind] > 0),
          { from: now + 1, until },
        );
  return { kind: 'claimed', claims, nextDueAt: next, ownerAlive: true };
}

function claimRuns(db: Connection, due: DueQuery & { readonly owner: string }): TakenRun[] {
  return db
    .all<{ runId: string }>(`select run_id as runId ${dueRuns}`, due)
    .map((key) => takeRun(db, { ...key, owner: due.owner, now: due.until }))
    .filter((run) => run !== undefined);
}

export function listDueKeyIds(db: Connection, now: number): string[] {
  const due = 'lease_owner is null and due_at is not null and due_at <= :now';
  return db
    .all<{ keyId: string }>(
      `select encryption_key_id as keyId from runs indexed by runs_queue
       where (namespace = 'flow') = 0 and ${due} and encryption_key_id is not null
       union
       select encryption_key_id from runs
       where encryption_key_id is not null and run_id in (select run_id from steps indexed by steps_queue where ${due})`,
      { now },
    )
    .map(({ keyId }) => keyId);
}
