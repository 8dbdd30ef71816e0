import type { ClaimAct, ClaimFilter } from '../world/port.ts';
import type { Database } from './database.ts';

const tables = { run: 'runs', step: 'steps', message: 'messages' } as const;

/** The earliest due time of anything that nobody has; what the filter would not admit may wake a worker for nothing. */
export async function nextDueAt(db: Database, { kinds }: ClaimFilter): Promise<number | undefined> {
  if (kinds.length === 0) return undefined;
  const earliest = kinds.map((kind) => `(select min(due_at) from pawl.${tables[kind]} where due_at is not null and lease_owner is null)`);
  const [row] = await db.query<{ dueAt: number | null }>(`select least(${earliest.join(', ')}) as "dueAt"`);
  return row?.dueAt ?? undefined;
}

export async function listDueKeyIds(db: Database, now: number): Promise<string[]> {
  const due = 'lease_owner is null and due_at is not null and due_at <= $1';
  const rows = await db.query<{ keyId: string }>(
    `select encryption_key_id as "keyId" from pawl.runs
     where ${due} and encryption_key_id is not null
     union
     select r.encryption_key_id from (select shard, run_id from pawl.steps where ${due}) s
     join pawl.runs r on r.shard = s.shard and r.run_id = s.run_id
     where r.encryption_key_id is not null`,
    [now],
  );
  return rows.map(({ keyId }) => keyId);
}

/** The shards in which something is due, the longest due first. */
export async function listDueShards(db: Database, { filter, now }: Pick<ClaimAct, 'filter' | 'now'>): Promise<number[]> {
  const found = await Promise.all(
    filter.kinds.map((kind) =>
      db.query<{ shard: number; dueAt: number }>(
        `select shard, min(due_at) as "dueAt" from pawl.${tables[kind]}
         where due_at is not null and lease_owner is null and due_at <= $1
         group by shard`,
        [now],
      ),
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
