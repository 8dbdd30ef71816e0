import type { StepTimeRow, StepTimesQuery, ThroughputQuery, ThroughputRows } from '../world/operator-port.ts';
import type { Connection } from './connection.ts';

export function readThroughput(db: Connection, query: ThroughputQuery): ThroughputRows {
  return {
    started: db.all(
      `select cast((created_at - :since) / :bucketMs as integer) as bucket, count(*) as runs from runs
       where created_at >= :since
       group by 1`,
      query,
    ),
    ended: db.all(
      `select cast((completed_at - :since) / :bucketMs as integer) as bucket, status, count(*) as runs from runs
       where status in ('completed', 'failed', 'cancelled') and completed_at >= :since
       group by 1, 2`,
      query,
    ),
  };
}

export function listStepTimes(db: Connection, query: StepTimesQuery): StepTimeRow[] {
  return db.all<StepTimeRow>(
    `select s.completed_at as completedAt, s.completed_at - s.started_at as tookMs
     from (
       select * from (
         select run_id from runs
         where status in ('completed', 'failed', 'cancelled') and completed_at >= :since and shard < :shards
         order by completed_at desc
         limit :limit)
       union all
       select * from (
         select run_id from runs
         where status in ('pending', 'running') and shard < :shards
         order by created_at desc
         limit 1000)
     ) r
     join steps s on s.run_id = r.run_id
     where s.status = 'completed' and s.completed_at >= :since and s.started_at is not null
     limit :limit`,
    query,
  );
}
