import type { OfRun } from '../world/page-queries.ts';
import type { HookRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';

const columns = `
  shard, run_id as "runId", hook_id as "hookId", status, token, is_webhook as "isWebhook", spec_version as "specVersion",
  created_at as "createdAt", event_seq as "eventSeq", version`;

export async function getHook(db: Database, hookId: string): Promise<HookRow | undefined> {
  const [row] = await db.query<HookRow>(
    `select ${columns} from pawl.hooks
     where hook_id = $1 and status = 'live'
     order by created_at desc
     limit 1`,
    [hookId],
  );
  return row;
}

export async function getTokenHolder(db: Database, token: string): Promise<{ runId: string; hookId: string } | undefined> {
  const [holder] = await db.query<{ runId: string; hookId: string }>(
    `select run_id as "runId", hook_id as "hookId" from pawl.hook_tokens
     where token = $1`,
    [token],
  );
  return holder;
}

/** Two look-ups by key, because a token is kept apart from the shard of its run. */
export async function getHookByToken(db: Database, token: string): Promise<HookRow | undefined> {
  const holder = await getTokenHolder(db, token);
  if (!holder) return undefined;
  const [row] = await db.query<HookRow>(
    `select ${columns} from pawl.hooks
     where shard = $1 and run_id = $2 and hook_id = $3`,
    [shardOf(holder.runId), holder.runId, holder.hookId],
  );
  return row;
}

export function listHooks(db: Database, { runId, after, order, limit }: Omit<OfRun, 'runId'> & { runId?: string }): Promise<HookRow[]> {
  const past = order === 'asc' ? '>' : '<';
  const args = new Arguments();
  return db.query<HookRow>(
    `select ${columns} from pawl.hooks
     where status = 'live'
       ${runId === undefined ? '' : `and shard = ${args.put(shardOf(runId))} and run_id = ${args.put(runId)}`}
       ${after === undefined ? '' : `and (created_at, hook_id) ${past} (${args.put(after.at)}, ${args.put(after.id)})`}
     order by created_at ${order}, hook_id ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}
