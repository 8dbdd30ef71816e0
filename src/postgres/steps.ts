import type { OfRun } from '../world/page-queries.ts';
import type { StepBurst } from '../world/port.ts';
import type { StepRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';

const columns = `
  shard, run_id as "runId", step_id as "stepId", namespace, step_name as "stepName", status, spec_version as "specVersion", attempt, error,
  input_seq as "inputSeq", output_seq as "outputSeq", created_at as "createdAt", updated_at as "updatedAt", started_at as "startedAt",
  completed_at as "completedAt", retry_after as "retryAfter", message,
  due_at as "dueAt", lease_owner as "leaseOwner", lease_epoch as "leaseEpoch", deliveries, version`;

/** Without a run, every shard is asked: step ids repeat between runs, and the newest one answers. */
export async function getStep(db: Database, runId: string | undefined, stepId: string): Promise<StepRow | undefined> {
  if (runId === undefined) {
    const [newest] = await db.query<StepRow>(
      `select ${columns} from pawl.steps
       where step_id = $1
       order by created_at desc
       limit 1`,
      [stepId],
    );
    return newest;
  }
  const [row] = await db.query<StepRow>(
    `select ${columns} from pawl.steps
     where shard = $1 and run_id = $2 and step_id = $3`,
    [shardOf(runId), runId, stepId],
  );
  return row;
}

export async function countBurst(db: Database, runId: string): Promise<StepBurst> {
  const [burst] = await db.query<StepBurst>(
    `with begun as (
       select created_at from pawl.steps where shard = $1 and run_id = $2 and status in ('pending', 'running')
     )
     select (select count(*) from begun) as open,
            (select count(*) from pawl.steps
             where shard = $1 and run_id = $2 and completed_at >= (select min(created_at) from begun)) as ended`,
    [shardOf(runId), runId],
  );
  return burst ?? { open: 0, ended: 0 };
}

export function listSteps(db: Database, { runId, after, order, limit }: OfRun): Promise<StepRow[]> {
  const past = order === 'asc' ? '>' : '<';
  const args = new Arguments();
  return db.query<StepRow>(
    `select ${columns} from pawl.steps
     where shard = ${args.put(shardOf(runId))} and run_id = ${args.put(runId)}
       ${after === undefined ? '' : `and (created_at, step_id) ${past} (${args.put(after.at)}, ${args.put(after.id)})`}
     order by created_at ${order}, step_id ${order}
     limit ${args.limit(limit)}`,
    args.values,
  );
}
