import { shardOf } from '../world/shard.ts';
import type { Database } from './database.ts';

export interface TokenHolder {
  readonly runId: string;
  readonly hookId: string;
}

/** Two look-ups by key, because a token is kept apart from the shard of its run. */
export async function findTokenHolder(db: Database, token: string, now: number): Promise<TokenHolder | undefined> {
  const [holder] = await db.query<TokenHolder>(
    `select t.run_id as "runId", t.hook_id as "hookId"
     from pawl.hook_tokens t
     left join pawl.token_expiries x on x.token = t.token
     where t.token = $1 and (x.expires_at is null or x.expires_at > $2)`,
    [token, now],
  );
  return holder && (await isExecution(db, holder.runId)) ? holder : undefined;
}

/** Hooks of workflows that are code have tokens too. */
async function isExecution(db: Database, runId: string): Promise<boolean> {
  const rows = await db.query('select 1 from pawl.executions where shard = $1 and run_id = $2', [shardOf(runId), runId]);
  return rows.length > 0;
}
