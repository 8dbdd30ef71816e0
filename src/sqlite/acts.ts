import { type Act, claimedByTheDead, type EnqueueAct, type Outcome, type Outcomes, type WriteAct } from '../world/port.ts';
import type { FlowAct, FlowOutcome } from '../world/flow-port.ts';
import { bornTo } from '../world/transition.ts';
import { claim } from './claim.ts';
import type { Connection } from './connection.ts';
import { performFlow } from './flow-acts.ts';
import { enqueueMessage, withdrawMessage } from './messages.ts';
import { appendAudit } from './operator-reads.ts';
import { prune } from './retention.ts';
import { takeRun, wakeRun } from './runs.ts';
import { adopt, settle } from './settle.ts';
import { queueStep } from './steps.ts';
import { appendToStream, sweepStreams } from './streams.ts';
import { type Boot, forgetWorker, heartbeat, isAlive, listDead, living, releaseAll } from './workers.ts';
import { write } from './write.ts';

/** Performs one act inside the transaction that is open. */
export function perform(db: Connection, act: Act | FlowAct, boot: Boot): Outcome | FlowOutcome {
  switch (act.kind) {
    case 'write':
      return writeForTheLiving(db, act, boot);
    case 'wake': {
      const found = wakeRun(db, act);
      const owner = found ? living(db, act.takeRunFor, boot) : null;
      const taken = owner === null ? undefined : takeRun(db, { ...act, owner });
      return { kind: 'woken', found, taken };
    }
    case 'enqueue':
      return enqueue(db, act);
    case 'withdraw':
      return { kind: 'withdrawn', found: withdrawMessage(db, act) };
    case 'queueStep':
      return { kind: 'queued', found: queueStep(db, act) };
    case 'claim':
      return isAlive(db, act.owner, boot) ? claim(db, act) : claimedByTheDead;
    case 'settle':
      return settle(db, { ...act, takeRunFor: living(db, act.takeRunFor, boot) });
    case 'adopt':
      return isAlive(db, act.owner, boot) ? adopt(db, act) : { kind: 'adopted', held: false, ownerAlive: false };
    case 'append':
      return { kind: 'appended', ...appendToStream(db, act) };
    case 'heartbeat':
      return { kind: 'alive', known: heartbeat(db, act, boot) };
    case 'reap':
      return reap(db, act.now, boot);
    case 'leave':
      releaseAll(db, { owner: act.workerId, now: act.now, forgiven: 1 });
      forgetWorker(db, act.workerId, boot);
      return { kind: 'left' };
    case 'sweepStreams':
      return { kind: 'swept', streams: sweepStreams(db, act) };
    case 'prune':
      return prune(db, act);
    case 'audit':
      appendAudit(db, act.row, act.keepFrom);
      return { kind: 'audited' };
    default:
      return performFlow(db, act, boot);
  }
}

function writeForTheLiving(db: Connection, act: WriteAct, boot: Boot): Outcomes['write'] {
  const heir = bornTo(act.transition);
  if (heir !== null && !isAlive(db, heir, boot)) return { kind: 'ownerDead' };
  return write(db, { ...act, takeRunFor: living(db, act.takeRunFor, boot) });
}

function enqueue(db: Connection, { message, wakeRunAt }: EnqueueAct): Outcomes['enqueue'] {
  const messageId = enqueueMessage(db, message);
  if (wakeRunAt !== null && message.runId !== null) wakeRun(db, { runId: message.runId, dueAt: wakeRunAt });
  return { kind: 'enqueued', messageId };
}

function reap(db: Connection, now: number, boot: Boot): Outcomes['reap'] {
  const workers = listDead(db, boot);
  const deliveries = workers.reduce((sum, owner) => sum + releaseAll(db, { owner, now, forgiven: 0 }), 0);
  for (const workerId of workers) forgetWorker(db, workerId, boot);
  return { kind: 'reaped', workers, deliveries };
}
