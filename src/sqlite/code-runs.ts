import { specVersion } from '../world/rules/spec-version.ts';
import { settleCodeChild } from './children.ts';
import type { Connection } from './connection.ts';
import { insertEvents } from './events.ts';
import { advanceRun, finishRun, getRun } from './runs.ts';

/** Ends a run of code whose parent gave it up, and settles it if there is no such run any more. */
export function cancelCodeRun(db: Connection, { runId, now }: { readonly runId: string; readonly now: number }): void {
  const run = getRun(db, runId);
  if (run?.status !== 'pending' && run?.status !== 'running') return settleCodeChild(db, { runId, status: 'cancelled', at: now });
  const at = Math.max(now, run.lastMs + 1);
  const seq = run.lastSeq + 1;
  const event = { type: 'run_cancelled', correlationId: null, specVersion, occurredAt: null, meta: null, payload: null };
  insertEvents(db, [event], { shard: run.shard, runId, seq, createdAt: at });
  advanceRun(db, { runId, at, lastSeq: seq, markerMs: at, wakeAt: null, progress: 0 });
  finishRun(db, { runId, at, status: 'cancelled', error: null, outputSeq: null });
}
