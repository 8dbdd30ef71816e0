import type { FlowAct, FlowOutcome } from '../world/flow-port.ts';
import { settleChild } from './children.ts';
import type { Connection } from './connection.ts';
import { deleteExecution } from './executions.ts';
import { commitFlow } from './flow-commit.ts';
import { saveFlows } from './flows.ts';
import { createToken, disposeTokens } from './resume-tokens.ts';
import { deleteTrigger, forgetTriggerEvents, saveTrigger } from './triggers.ts';
import { type Boot, isAlive, living } from './workers.ts';

/** Performs one act of a flow inside the transaction that is open. */
export function performFlow(db: Connection, act: FlowAct, boot: Boot): FlowOutcome {
  switch (act.kind) {
    case 'flowCommit':
      return commitFlow(db, { ...act, takeRunFor: living(db, act.takeRunFor, boot) });
    case 'claimExecution':
      return isAlive(db, act.owner, boot)
        ? { kind: 'claimed', epoch: claimExecution(db, act), ownerAlive: true }
        : { kind: 'claimed', epoch: undefined, ownerAlive: false };
    case 'releaseExecution':
      return { kind: 'released', dueAt: releaseExecution(db, { runId: act.runId, ...act.lease }) };
    case 'deleteExecution':
      deleteExecution(db, act);
      return { kind: 'deleted' };
    case 'settleChild':
      return { kind: 'settled', first: settleChild(db, act.child, act.now) };
    case 'createToken':
      return { kind: 'created', found: createToken(db, act) };
    case 'disposeTokens':
      return { kind: 'disposed', runId: disposeTokens(db, act) };
    case 'saveFlows':
      return { kind: 'saved', existing: saveFlows(db, act) };
    case 'saveTrigger':
      return { kind: 'saved', held: saveTrigger(db, act.row) };
    case 'deleteTrigger':
      deleteTrigger(db, act);
      return { kind: 'deleted' };
    case 'triggerHeard':
      forgetTriggerEvents(db, act.positions);
      return { kind: 'heard' };
  }
}

function claimExecution(db: Connection, claim: { runId: string; owner: string }): number | undefined {
  return db.get<{ epoch: number }>(
    `update runs set lease_owner = :owner, lease_epoch = lease_epoch + 1
     where run_id = :runId and lease_owner is null
       and exists (select 1 from executions e where e.run_id = :runId)
     returning lease_epoch as epoch`,
    claim,
  )?.epoch;
}

function releaseExecution(db: Connection, release: { runId: string; owner: string; epoch: number }): number | null {
  const released = db.get<{ dueAt: number | null }>(
    `update runs set lease_owner = null
     where run_id = :runId and lease_owner = :owner and lease_epoch = :epoch
     returning due_at as dueAt`,
    release,
  );
  return released?.dueAt ?? null;
}
