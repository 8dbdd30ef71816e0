import type { OfRun } from '../world/page-queries.ts';
import type { HookRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';

const columns = `
  shard, run_id as runId, hook_id as hookId, status, token, is_webhook as isWebhook, spec_version as specVersion, created_at as createdAt,
  event_seq as eventSeq, version`;

type StoredHook = Omit<HookRow, 'isWebhook'> & { isWebhook: number };
const toRow = (stored: StoredHook): HookRow => ({ ...stored, isWebhook: stored.isWebhook === 1 });

export function getHookOfRun(db: Connection, runId: string, hookId: string): HookRow | undefined {
  const stored = db.get<StoredHook>(`select ${columns} from hooks where run_id = :runId and hook_id = :hookId`, {
    runId,
    hookId,
  });
  return stored && toRow(stored);
}

/** The newest that is live: ids repeat between runs, and the caller has no more than the id. The log has the index that leads there. */
export function getHook(db: Connection, hookId: string): HookRow | undefined {
  const live = db.get<{ runId: string }>(
    `select h.run_id as runId
     from events e
     join hooks h on h.run_id = e.run_id and h.hook_id = e.correlation_id
     where e.correlation_id = :hookId and e.type = 'hook_created' and h.status = 'live'
     order by h.created_at desc
     limit 1`,
    { hookId },
  );
  return live && getHookOfRun(db, live.runId, hookId);
}

export function getTokenHolder(db: Connection, token: string): { runId: string; hookId: string } | undefined {
  return db.get('select run_id as runId, hook_id as hookId from hook_tokens where token = :token', { token });
}

export function getHookByToken(db: Connection, token: string): HookRow | undefined {
  const holder = getTokenHolder(db, token);
  return holder && getHookOfRun(db, holder.runId, holder.hookId);
}

/** False if somebody has it. */
export function takeToken(db: Connection, token: { token: string; runId: string; hookId: string }): boolean {
  return db.run('insert into hook_tokens (token, run_id, hook_id) values (:token, :runId, :hookId) on conflict do nothing', token) > 0;
}

export function releaseToken(db: Connection, token: string): void {
  db.run('delete from hook_tokens where token = :token', { token });
}

/** Writes the whole next row over the one whose version is one less; false if that is not there. */
export function saveHook(db: Connection, row: HookRow): boolean {
  if (row.version === 1) {
    const added = db.run(
      `insert into hooks (shard, run_id, hook_id, status, token, is_webhook, spec_version, created_at, event_seq, version) values (
         :shard, :runId, :hookId, :status, :token, :isWebhook, :specVersion, :createdAt, :eventSeq, :version)
       on conflict do nothing`,
      { ...row, isWebhook: row.isWebhook ? 1 : 0 },
    );
    return added > 0;
  }
  const changed = db.run(
    `update hooks set status = :status, version = :version
     where run_id = :runId and hook_id = :hookId and version = :version - 1`,
    row,
  );
  return changed > 0;
}

export function listHooks(db: Connection, { runId, after, order, limit }: Omit<OfRun, 'runId'> & { runId?: string }): HookRow[] {
  const past = order === 'asc' ? '>' : '<';
  return db
    .all<StoredHook>(
      `select ${columns} from hooks
       where status = 'live'
         ${runId === undefined ? '' : 'and run_id = :runId'}
         ${after === undefined ? '' : `and (created_at, hook_id) ${past} (:at, :id)`}
       order by created_at ${order}, hook_id ${order}
       limit :limit`,
      { runId: runId ?? null, at: after?.at ?? null, id: after?.id ?? null, limit },
    )
    .map(toRow);
}
