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

/** What woke the run while it was being delivered is in its due time already; a settle only ever makes that earlier, unless it postpones. */
function settleRun(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { id: runId, result, lease, now } = act;
  const settled = db.get<{ dueAt: number | null }>(
    `update runs
     set lease_owner = null,
         due_at = case when :dueAt is null then due_at when :postpones then :dueAt else min(coalesce(due_at, :dueAt), :dueAt) end,
         deliveries = case
           when :result = 'release' or (:result = 'retry' and not :postpones and due_at <= :now) then max(0, deliveries - 1)
           when :result = 'retry' then deliveries
           else 0
         end
     where run_id = :runId and ${held}
     returning due_at as dueAt`,
    { runId, ...lease, now, result: result.kind, dueAt: dueAtOf(act), postpones: postpones(result) ? 1 : 0 },
  );
  if (!settled) return { kind: 'settled', held: false, taken: undefined };
  if (result.kind === 'done' || result.kind === 'again') {
    for (const messageId of act.inbox) deleteMessage(db, { messageId });
  }
  const dueNow = settled.dueAt !== null && settled.dueAt <= now;
  const taken = dueNow && act.takeRunFor ? takeRun(db, { runId, owner: act.takeRunFor, now }) : undefined;
  return { kind: 'settled', held: true, taken };
}

/** A step that still has its lease did not end: it is due again, not before its `retryAfter`. */
function settleStep(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { runId, id: stepId, result, lease } = act;
  const changed = db.run(
    `update steps
     set lease_owner = null, version = version + 1,
         due_at = case when :dueAt is null then null else max(coalesce(retry_after, :dueAt), :dueAt) end,
         deliveries = case :result when 'retry' then deliveries when 'release' then max(0, deliveries - 1) else 0 end
     where run_id = :runId and step_id = :stepId and ${held}`,
    { runId, stepId, ...lease, result: result.kind, dueAt: dueAtOf(act) },
  );
  return { kind: 'settled', held: changed > 0, taken: undefined };
}

function settleMessage(db: Connection, act: SettleAct): Outcomes['settle'] {
  const { id: messageId, result, lease } = act;
  const key = { messageId, ...lease };
  const changed =
    result.kind === 'done'
      ? db.run(`delete from messages where message_id = :messageId and ${held}`, key)
      : db.run(
          `update messages
           set lease_owner = null, due_at = :dueAt,
               deliveries = case :result when 'retry' then deliveries when 'release' then max(0, deliveries - 1) else 0 end
           where message_id = :messageId and ${held}`,
          { ...key, result: result.kind, dueAt: dueAtOf(act) },
        );
  return { kind: 'settled', held: changed > 0, taken: undefined };
}

/** The lease goes on in the process that received the delivery over HTTP. */
export function adopt(db: Connection, { of, runId, id, lease, owner: heir }: AdoptAct): Outcomes['adopt'] {
  const key = { runId, id, heir, ...lease };
  const changed =
    of === 'run'
      ? db.run(`update runs set lease_owner = :heir where run_id = :id and ${held}`, key)
      : of === 'step'
        ? db.run(
            `update steps set lease_owner = :heir, version = version + 1
             where run_id = :runId and step_id = :id and ${held}`,
            key,
          )
        : db.run(`update messages set lease_owner = :heir where message_id = :id and ${held}`, key);
  return { kind: 'adopted', held: changed > 0, ownerAlive: true };
}

function postpones(result: SettleAct['result']): boolean {
  return result.kind === 'retry' && result.postpones === true;
}

function dueAtOf({ result }: SettleAct): number | null {
  return result.kind === 'done' ? null : result.dueAt;
}
