import type { WaitRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';

const columns = `
  shard, run_id as runId, wait_id as waitId, status, spec_version as specVersion, resume_at as resumeAt, due_at as dueAt,
  created_at as createdAt, updated_at as updatedAt, completed_at as completedAt, version`;

export function getWait(db: Connection, runId: string, waitId: string): WaitRow | undefined {
  return db.get<WaitRow>(`select ${columns} from waits where run_id = :runId and wait_id = :waitId`, {
    runId,
    waitId,
  });
}

export function listOpenWaits(db: Connection, runId: string): WaitRow[] {
  return db.all<WaitRow>(
    `select ${columns} from waits
     where run_id = :runId and status = 'waiting'
     order by due_at, wait_id`,
    { runId },
  );
}

/** Writes the whole next row over the one whose version is one less; false if that is not there. */
export function saveWait(db: Connection, row: WaitRow): boolean {
  if (row.version === 1) {
    const added = db.run(
      `insert into waits (
        shard, run_id, wait_id, status, spec_version, resume_at, due_at, created_at, updated_at, completed_at, version)
      values (
         :shard, :runId, :waitId, :status, :specVersion, :resumeAt, :dueAt, :createdAt, :updatedAt, :completedAt, :version)
       on conflict do nothing`,
      row,
    );
    return added > 0;
  }
  const changed = db.run(
    `update waits set status = :status, updated_at = :updatedAt, completed_at = :completedAt, version = :version
     where run_id = :runId and wait_id = :waitId and version = :version - 1`,
    row,
  );
  return changed > 0;
}
