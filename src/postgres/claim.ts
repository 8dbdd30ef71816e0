import { kindsOf } from '../world/claim-filter.ts';
import type { ClaimAct, ClaimFilter, ClaimKind } from '../world/port.ts';
import type { Database } from './database.ts';

/** As the index of what is due tells executions from runs of code. */
export const isFlow = `case when namespace = 'flow' then 1 else 0 end`;

const isDue = 'due_at is not null and lease_owner is null and due_at <= $1';
const due: Readonly<Record<ClaimKind, string>> = {
  run: `pawl.runs where ${isFlow} = 0 and ${isDue}`,
  flow: `pawl.runs where ${isFlow} = 1 and ${isDue}`,
  step: `pawl.steps where ${isDue}`,
  message: `pawl.messages where ${isDue}`,
};

/** When the first of what nobody has, and the filter admits, becomes due within the interval, both instants included. */
export async function nextDueAt(
  db: Database,
  filter: ClaimFilter,
  interval: { readonly from: number; readonly until: number },
): Promise<number | undefined> {
  const asked = encodeClaimFilter(filter, { run: 1, flow: 1, step: 1, message: 1 });
  const [row] = await db.query<{ dueAt: number | null }>('select pawl.pawl_next_due_v1($1) as "dueAt"', [
    JSON.stringify({ ...asked, ...interval }),
  ]);
  return row?.dueAt ?? undefined;
}

/** What a claim and a look ask for: as many of each kind, of those that the filter admits. */
export function encodeClaimFilter(filter: ClaimFilter, limits: ClaimAct['limits']) {
  const kinds = kindsOf(filter);
  const limit = (kind: ClaimKind) => (kinds.includes(kind) ? limits[kind] : 0);
  return {
    namespaces: filter.namespaces,
    step_names: filter.stepNames,
    deployment_id: filter.deploymentId,
    key_ids: filter.keyIds ?? null,
    runs: limit('run'),
    flows: limit('flow'),
    steps: limit('step'),
    messages: limit('message'),
  };
}

export async function listDueKeyIds(db: Database, now: number): Promise<string[]> {
  const rows = await db.query<{ keyId: string }>(
    `select encryption_key_id as "keyId" from ${due.run} and encryption_key_id is not null
     union
     select r.encryption_key_id from (select shard, run_id from ${due.step}) s
     join pawl.runs r on r.shard = s.shard and r.run_id = s.run_id
     where r.encryption_key_id is not null`,
    [now],
  );
  return rows.map(({ keyId }) => keyId);
}

/** The shards in which something is due, the longest due first. */
export async function listDueShards(db: Database, { filter, now }: Pick<ClaimAct, 'filter' | 'now'>): Promise<number[]> {
  const found = await Promise.all(
    kindsOf(filter).map((kind) =>
      db.query<{ shard: number; dueAt: number }>(`select shard, min(due_at) as "dueAt" from ${due[kind]} group by shard`, [now]),
    ),
  );
  return [
    ...new Set(
      found
        .flat()
        .toSorted((a, b) => a.dueAt - b.dueAt)
        .map(({ shard }) => shard),
    ),
  ];
}
