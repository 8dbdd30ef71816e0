import type { StepTimeRow, StepTimesQuery, ThroughputQuery, ThroughputRows } from '../world/operator-port.ts';
import type { Database } from './database.ts';

export async function readThroughput(db: Database, { since, bucketMs }: ThroughputQuery): Promise<ThroughputRows> {
  const [started, ended] = await Promise.all([
    db.query<ThroughputRows['started'][number]>(
      `select (created_at - $1::bigint) / $2::bigint as bucket, count(*) as runs from pawl.runs
       where created_at >= $1::bigint
       group by 1`,
      [since, bucketMs],
    ),
    db.query<ThroughputRows['ended'][number]>(
      `select (completed_at - $1::bigint) / $2::bigint as bucket, status, count(*) as runs from pawl.runs
       where status in ('completed', 'failed', 'cancelled') and completed_at >= $1::bigint
       group by 1, 2`,
      [since, bucketMs],
    ),
  ]);
  return { started, ended };
}

export function listStepTimes(db: Database, { since, shards, limit }: StepTimesQuery): Promise<StepTimeRow[]> {
  return db.query<StepTimeRow>(
    `select s.completed_at as "completedAt", s.completed_at - s.started_at as "tookMs"
     from (
       (select shard, run_id from pawl.runs
        where status in ('completed', 'failed', 'cancelled') and completed_at >= $1 and shard < $2
        order by completed_at desc
        limit $3)
       union all
       (select shard, run_id from pawl.runs
        where status in ('pending', 'running') and shard < $2
        order by created_at desc
        limit 1000)
     ) r
     join pawl.steps s on s.shard = r.shard and s.run_id = r.run_id
     where s.status = 'completed' and s.completed_at >= $1 and s.started_at is not null
     limit $3`,
    [since, shards, limit],
  );
}
