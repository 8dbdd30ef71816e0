import type { Outcomes, WithdrawAct } from '../world/port.ts';
import type { MessageRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import type { Database } from './database.ts';

/** Messages that are delivered together with the next wake of their run. */
export function listInbox(db: Database, runId: string): Promise<MessageRow[]> {
  return db.query<MessageRow>(
    `select
       shard, message_id as "messageId", queue_name as "queueName", namespace, payload, headers, idempotency_key as "idempotencyKey",
       deployment_id as "deploymentId", run_id as "runId",
       created_at as "createdAt", due_at as "dueAt", lease_owner as "leaseOwner", lease_epoch as "leaseEpoch", deliveries
     from pawl.messages
     where shard = $1 and run_id = $2
     order by created_at, message_id`,
    [shardOf(runId), runId],
  );
}

export async function withdraw(db: Database, { shard, messageId }: WithdrawAct): Promise<Outcomes['withdraw']> {
  const rows = await db.query(
    `delete from pawl.messages
     where shard = $1 and message_id = $2 and lease_owner is null
     returning message_id`,
    [shard, messageId],
  );
  return { kind: 'withdrawn', found: rows.length > 0 };
}
