import type { CreateTokenAct, DisposeTokensAct } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';
import { insertEvents } from './events.ts';
import { disposeHook } from './flow-entities.ts';
import { saveHook, takeToken } from './hooks.ts';
import { advanceRun, getRunGuard } from './runs.ts';
import type { NewEvent } from '../world/transition.ts';

export interface TokenHolder {
  readonly runId: string;
  readonly hookId: string;
}

export function findTokenHolder(db: Connection, token: string, now: number): TokenHolder | undefined {
  return db.get<TokenHolder>(
    `select t.run_id as runId, t.hook_id as hookId
     from hook_tokens t
     join executions e on e.run_id = t.run_id
     left join token_expiries x on x.token = t.token
     where t.token = :token and (x.expires_at is null or x.expires_at > :now)`,
    { token, now },
  );
}

/** False if there is no such run, or it is over. */
export function createToken(db: Connection, act: CreateTokenAct): boolean {
  const { shard, runId, hookId, token, expiresAt, event, now } = act;
  const run = getRunGuard(db, act);
  if (run?.status !== 'pending' && run?.status !== 'running') return false;
  const [eventSeq, at] = appendEvent(db, { shard, runId, event, now }, run);
  takeToken(db, { token, runId, hookId });
  const { specVersion } = event;
  saveHook(db, { shard, runId, hookId, status: 'live', token, isWebhook: false, specVersion, createdAt: at, eventSeq, version: 1 });
  if (expiresAt !== null) {
    db.run('insert into token_expiries (token, run_id, expires_at) values (:token, :runId, :expiresAt)', { token, runId, expiresAt });
  }
  return true;
}

/** The run of the tokens, if any was live. */
export function disposeTokens(db: Connection, { of, specVersion, now }: DisposeTokensAct): string | undefined {
  const holders = 'token' in of ? [findTokenHolder(db, of.token, now)] : listHolders(db, of.runId);
  let runId: string | undefined;
  for (const holder of holders) {
    if (!holder) continue;
    runId = holder.runId;
    disposeHook(db, holder);
    const run = getRunGuard(db, holder);
    const shard = db.get<{ shard: number }>('select shard from runs where run_id = :runId', holder)?.shard ?? 0;
    const event = { type: 'hook_disposed', correlationId: holder.hookId, specVersion, occurredAt: null, meta: null, payload: null };
    if (run) appendEvent(db, { shard, runId, event, now }, run);
  }
  return runId;
}

function listHolders(db: Connection, runId: string): TokenHolder[] {
  return db.all<TokenHolder>('select run_id as runId, hook_id as hookId from hook_tokens where run_id = :runId', { runId });
}

interface Appended {
  readonly shard: number;
  readonly runId: string;
  readonly event: NewEvent;
  readonly now: number;
}

function appendEvent(
  db: Connection,
  { shard, runId, event, now }: Appended,
  run: { readonly lastSeq: number; readonly lastMs: number; readonly markerMs: number },
): [seq: number, at: number] {
  const seq = run.lastSeq + 1;
  const at = Math.max(now, run.lastMs);
  insertEvents(db, [event], { shard, runId, seq, createdAt: at });
  advanceRun(db, { runId, at, lastSeq: seq, markerMs: run.markerMs, wakeAt: null, progress: 0 });
  return [seq, at];
}
