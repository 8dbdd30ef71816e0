import type { AdoptAct, Outcomes, SettleAct } from '../world/port.ts';
import type { Connection } from './connection.ts';
import { deleteMessage } from './messages.ts';
import { takeRun } from './runs.ts';

const held = 'lease_owner = :owner and lease_epoch = :epoch';

/** Ends a delivery. Who lost the lease meanwhile changes nothing: the delivery is another's now. */
export function settle(db: Connection, act: SettleAct): Outcomes['settle'] {
  switch (act.of) {
    case 'run':
      return settleRun(db, act);
    case 'step':
      return settleStep(db, act);
    case 'message':
      return settleMessage(db, act);
  }
}

/** What woke the run while it was being delivered is in its due time already; a settle only ever makes that earlier. */
function settleRun(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { shard, id: runId, result, lease, now } = act;
  const changed = db.run(
    `update runs
     set lease_owner = null,
         due_at = case when :dueAt is null then due_at else min(coalesce(due_at, :dueAt), :dueAt) end,
         deliveries = case :result when 'retry' then deliveries when 'release' then max(0, deliveries - 1) else 0 end
     where shard = :shard and run_id = :runId and ${held}`,
    { shard, runId, ...lease, result: result.kind, dueAt: dueAtOf(act) },
  );
  if (changed === 0) return { kind: 'settled', held: false, taken: undefined };
  if (result.kind === 'done' || result.kind === 'again') {
    for (const messageId of act.inbox) deleteMessage(db, { shard, messageId });
  }
  const taken = act.takeRunFor ? takeRun(db, { shard, runId, owner: act.takeRunFor, now }) : undefined;
  return { kind: 'settled', held: true, taken };
}

/** A step that still has its lease did not end: it is due again, at its `retryAfter` if it has one. */
function settleStep(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { shard, runId, id: stepId, result, lease } = act;
  const changed = db.run(
    `update steps
     set lease_owner = null, version = version + 1,
         due_at = case when :dueAt is null then null else coalesce(retry_after, :dueAt) end,
         deliveries = case :result when 'retry' then deliveries when 'release' then max(0, deliveries - 1) else 0 end
     where shard = :shard and run_id = :runId and step_id = :stepId and ${held}`,
    { shard, runId, stepId, ...lease, result: result.kind, dueAt: dueAtOf(act) },
  );
  return { kind: 'settled', held: changed > 0, taken: undefined };
}

function settleMessage(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { shard, id: messageId, result, lease } = act;
  const key = { shard, messageId, ...lease };
  const changed =
    result.kind === 'done'
      ? db.run(`delete from messages where shard = :shard and message_id = :messageId and ${held}`, key)
      : db.run(
          `update messages
           set lease_owner = null, due_at = :dueAt,
               deliveries = case :result when 'retry' then deliveries when 'release' then max(0, deliveries - 1) else 0 end
           where shard = :shard and message_id = :messageId and ${held}`,
          { ...key, result: result.kind, dueAt: dueAtOf(act) },
        );
  return { kind: 'settled', held: changed > 0, taken: undefined };
}

/** The lease goes on in the process that received the delivery over HTTP. */
export function adopt(db: Connection, { of, shard, runId, id, lease, owner: heir }: AdoptAct): Outcomes['adopt'] {
  const key = { shard, runId, id, heir, ...lease };
  const changed =
    of === 'run'
      ? db.run(`update runs set lease_owner = :heir where shard = :shard and run_id = :id and ${held}`, key)
      : of === 'step'
        ? db.run(
            `update steps set lease_owner = :heir, version = version + 1
             where shard = :shard and run_id = :runId and step_id = :id and ${held}`,
            key,
          )
        : db.run(`update messages set lease_owner = :heir where shard = :shard and message_id = :id and ${held}`, key);
  return { kind: 'adopted', held: changed > 0 };
}

function dueAtOf({ result }: SettleAct): number | null {
  return result.kind === 'done' ? null : result.dueAt;
}
