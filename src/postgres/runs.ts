import type { RunQuery } from '../world/page-queries.ts';
import type { OpenRuns } from '../world/port.ts';
import type { RunRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';

export const runColumns = `
  shard, run_id as "runId", namespace, status, deployment_id as "deploymentId", workflow_name as "workflowName",
  spec_version as "specVersion", execution_context as "executionContext", encryption_key_id as "encryptionKeyId", error,
  input_seq as "inputSeq", output_seq as "outputSeq", created_at as "createdAt", updated_at as "updatedAt", started_at as "startedAt",
  completed_at as "completedAt", expired_at as "expiredAt", last_seq as "lastSeq", last_ms as "lastMs", marker_ms as "markerMs",
  due_at as "dueAt", lease_owner as "leaseOwner", lease_epoch as "leaseEpoch", deliveries`;

export async function getRun(db: Database, runId: string): Promise<RunRow | undefined> {
  const [row] = await db.query<RunRow>(
    `select ${runColumns} from pawl.runs
     where shard = $1 and run_id = $2`,
    [shardOf(runId), runId],
  );
  return row;
}

export function listRuns(db: Database, { workflowName, status, after, order, limit }: RunQuery): Promise<RunRow[]> {
  const past = order === 'asc' ? '>' : '<';
  const args = new Arguments();
  return db.query<RunRow>(
    `select ${runColumns} from pawl.runs
     where true
       ${workflowName === undefined ? '' : `and workflow_name = ${args.put(workflowName)}`}
       ${status === undefined ? '' : `and status = ${args.put(status)}`}
       ${after === undefined ? '' : `and (created_at, run_id) ${past} (${args.put(after.at)}, ${args.put(after.id)})`}
     order by created_at ${order}, run_id ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}

export function countOpenRuns(db: Database): Promise<OpenRuns[]> {
  return db.query<OpenRuns>(
    `select deployment_id as "deploymentId", status, count(*) as runs, min(created_at) as "oldestCreatedAt"
     from pawl.runs
     where status in ('pending', 'running')
     group by deployment_id, status
     order by deployment_id, status`,
  );
}
