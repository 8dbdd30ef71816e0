import { encodeFields } from '../../base/codec.ts';
import { badRequest, conflict, notFound, terminalConflict } from '../errors.ts';
import type { State } from '../port.ts';
import { isTerminal, type RunRow, type WaitRow } from '../rows.ts';
import { atCommit } from '../transition.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { inStoreTime } from './store-time.ts';
import { assertNotTerminal } from './terminal.ts';
import { eventOf, onRun } from './transitions.ts';

/** wait_created: the timer is the due time of the run, set in the same act and to the millisecond (K4). The log keeps what the SDK asked for. */
export function createWait(request: EventRequest, { run, wait }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  assertNotTerminal(live, 'create new entities');
  if (wait) throw conflict(`Wait "${request.correlationId}" of run "${live.runId}" already exists.`);
  const resumeAt = request.data['resumeAt'];
  if (!(resumeAt instanceof Date) || Number.isNaN(resumeAt.getTime())) {
    throw badRequest(`wait_created of "${request.correlationId}" needs eventData.resumeAt as a valid Date.`);
  }
  const row: WaitRow = {
    shard: live.shard,
    runId: live.runId,
    waitId: request.correlationId,
    status: 'waiting',
    specVersion: request.specVersion ?? live.specVersion,
    resumeAt: resumeAt.getTime(),
    dueAt: inStoreTime(resumeAt.getTime(), context),
    createdAt: atCommit,
    updatedAt: atCommit,
    completedAt: null,
    version: 1,
  };
  return { kind: 'commit', transition: onRun(live, context, { events: [eventOf(request)], waits: [row], wakeAt: row.dueAt }) };
}

/** wait_completed: by a delivery only when due, whatever its host's clock says; from outside (a wake-up) at any time. */
export function finishWait(request: EventRequest, { run, wait }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  // The waits of a finished run are deleted, so this is asked before "is there one".
  if (isTerminal(live.status)) throw terminalConflict(live.runId, live.status, `complete wait "${request.correlationId}"`);
  if (!wait) throw notFound(`Wait "${request.correlationId}" of run "${live.runId}"`);
  if (wait.status === 'completed') throw conflict(`Wait "${wait.waitId}" of run "${live.runId}" is already completed.`);
  if (context.runLease && wait.dueAt > context.now) {
    throw conflict(`Wait "${wait.waitId}" of run "${live.runId}" is not due yet.`);
  }
  const external = request.params.stateUpdatedAt === undefined;
  return {
    kind: 'commit',
    transition: onRun(live, context, {
      external,
      events: [{ ...eventOf(request), meta: encodeFields({ ...request.data, resumeAt: new Date(wait.resumeAt) }) }],
      waits: [completeWait(wait)],
      wakeAt: external ? context.now : null,
    }),
  };
}

export function completeWait(wait: WaitRow): WaitRow {
  return { ...wait, status: 'completed', completedAt: atCommit, updatedAt: atCommit, version: wait.version + 1 };
}
