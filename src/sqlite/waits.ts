import type { WaitRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import type { Connection } from './connection.ts';

const columns = `
  shard, run_id as runId, wait_id as waitId, status, spec_version as specVersion, resume_at as resumeAt, due_at as dueAt,
  created_at as createdAt, updated_at as updatedAt, completed_at as completedAt, version`;

export function getWait(db: Connection, runId: string, waitId: string): WaitRow | undefined {
  return db.get<WaitRow>(`select ${columns} from waits where shard = :shard and run_id = :runId and wait_id = :waitId`, {
    shard: shardOf(runId),
    runId,
    waitId,
  });
}

export function listDueWaits(db: Connection, runId: string, now: number): WaitRow[] {
  return db.all<WaitRow>(
    `select ${columns} from waits
     where shard = :shard and run_id = :runId and status = 'waiting' and due_at <= :now
     order by due_at, wait_id`,
    { shard: shardOf(runId), runId, now },
  );
}

export function saveWait(db: Connection, row: WaitRow): void {
  if (row.version === 1) {
    db.run(
      `insert into waits values (
         :shard, :runId, :waitId, :status, :specVersion, :resumeAt, :dueAt, :createdAt, :updatedAt, :completedAt, :version)`,
      { ...row },
    );
    return;
  }
  db.run(
    `update waits set status = :status, updated_at = :updatedAt, completed_at = :completedAt, version = :version
     where shard = :shard and run_id = :runId and wait_id = :waitId`,
    { ...row },
  );
}
