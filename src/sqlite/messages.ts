import type { MessageRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';
import { dueMessages, type DueQuery } from './due.ts';

const columns = `
  shard, message_id as messageId, queue_name as queueName, namespace, payload, headers, idempotency_key as idempotencyKey,
  deployment_id as deploymentId, run_id as runId, created_at as createdAt, due_at as dueAt, lease_owner as leaseOwner, lease_epoch as leaseEpoch, deliveries`;

/** Adds the message, or names the live one that has its key. */
export function enqueueMessage(db: Connection, row: MessageRow): string {
  const same = db.get<{ messageId: string }>(
    `select message_id as messageId from messages
     where idempotency_key = :idempotencyKey`,
    row,
  );
  if (same) return same.messageId;
  db.run(
    `insert into messages (
      shard, message_id, queue_name, namespace, payload, headers, idempotency_key, deployment_id, run_id, created_at, due_at,
      lease_owner, lease_epoch, deliveries)
    values (
       :shard, :messageId, :queueName, :namespace, :payload, :headers, :idempotencyKey, :deploymentId, :runId, :createdAt,
       :dueAt, :leaseOwner, :leaseEpoch, :deliveries)`,
    row,
  );
  return row.messageId;
}

export function claimMessages(db: Connection, query: DueQuery & { readonly owner: string }): MessageRow[] {
  return db.all<MessageRow>(
    `update messages
     set lease_owner = :owner, lease_epoch = lease_epoch + 1, deliveries = deliveries + 1
     where message_id in (select message_id ${dueMessages})
     returning ${columns}`,
    query,
  );
}

export function withdrawMessage(db: Connection, key: { messageId: string }): boolean {
  return db.run('delete from messages where message_id = :messageId and lease_owner is null', key) > 0;
}

export function deleteMessage(db: Connection, key: { messageId: string }): void {
  db.run('delete from messages where message_id = :messageId', key);
}

/** Messages that are delivered together with the next wake of their run. */
export function listInbox(db: Connection, runId: string): MessageRow[] {
  return db.all<MessageRow>(
    `select ${columns} from messages
     where run_id = :runId
     order by created_at, message_id`,
    { runId },
  );
}
