import type { Act, EnqueueAct, Outcome, Outcomes } from '../world/port.ts';
import type { FlowAct, FlowOutcome } from '../world/flow-port.ts';
import { claim } from './claim.ts';
import type { Connection } from './connection.ts';
import { performFlow } from './flow-acts.ts';
import { enqueueMessage } from './messages.ts';
import { appendAudit } from './operator-reads.ts';
import { prune } from './retention.ts';
import { takeRun, wakeRun } from './runs.ts';
import { adopt, settle } from './settle.ts';
import { queueStep } from './steps.ts';
import { appendToStream, sweepStreams } from './streams.ts';
import { type Boot, forgetWorker, heartbeat, listDead, releaseAll } from './workers.ts';
import { write } from './write.ts';

/** Performs one act inside the transaction that is open. */
export function perform(db: Connection, act: Act | FlowAct, boot: Boot): Outcome | FlowOutcome {
  switch (act.kind) {
    case 'write':
      return write(db, act);
    case 'wake': {
      const found = wakeRun(db, act);
      const taken = found && act.takeRunFor ? takeRun(db, { ...act, owner: act.takeRunFor }) : undefined;
      return { kind: 'woken', found, taken };
    }
    case 'enqueue':
      return enqueue(db, act);
    case 'queueStep':
      return { kind: 'queued', found: queueStep(db, act) };
    case 'claim':
      return claim(db, act);
    case 'settle':
      return settle(db, act);
    case 'adopt':
      return adopt(db, act);
    case 'append':
      return { kind: 'appended', chunkCount: appendToStream(db, act) };
    case 'heartbeat':
      return { kind: 'alive', known: heartbeat(db, act, boot) };
    case 'reap':
      return reap(db, act.now, boot);
    case 'leave':
      releaseAll(db, { owner: act.workerId, now: act.now, forgiven: 1 });
      forgetWorker(db, act.workerId);
      return { kind: 'left' };
    case 'sweepStreams':
      return { kind: 'swept', streams: sweepStreams(db, act) };
    case 'prune':
      return prune(db, act);
    case 'audit':
      appendAudit(db, act.row, act.keepFrom);
      return { kind: 'audited' };
    default:
      return performFlow(db, act);
  }
}

function enqueue(db: Connection, { message, wakeRunAt }: EnqueueAct): Outcomes['enqueue'] {
  const messageId = enqueueMessage(db, message);
  if (wakeRunAt !== null && message.runId !== null) wakeRun(db, { runId: message.runId, dueAt: wakeRunAt });
  return { kind: 'enqueued', messageId };
}

function reap(db: Connection, now: number, boot: Boot): Outcomes['reap'] {
  const workers = listDead(db, boot);
  const deliveries = workers.reduce((sum, owner) => sum + releaseAll(db, { owner, now, forgiven: 0 }), 0);
  for (const workerId of workers) forgetWorker(db, workerId);
  return { kind: 'reaped', workers, deliveries };
}
