import { EntityConflictError } from '@workflow/errors';
import type { FoundRun } from '../world/operator-port.ts';
import { isTerminal } from '../world/rows.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { audited } from './audit.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { findRun, isFlow, type RunSummary, viewSummary } from './run-views.ts';

export interface CancelRun {
  readonly reason?: string | undefined;
}

/** Cancels a run; what has begun is undone only by the `onCancel` of a flow. Done already is done; ended otherwise is RUN_ENDED. */
export function cancelRun(operator: Operator, runId: string, { reason }: CancelRun = {}): Promise<RunSummary> {
  return audited(
    operator,
    { action: 'run.cancel', target: runId, scope: 'act', details: reason === undefined ? {} : { reason } },
    async () => {
      const run = await findRun(operator, runId);
      if (run.status === 'cancelled') return viewSummary(operator, run);
      if (isTerminal(run.status)) throw ended(run);
      await (isFlow(run) ? cancelFlow(operator, run, reason) : cancelCode(operator, run));
      return viewSummary(operator, await findRun(operator, runId));
    },
  );
}

async function cancelFlow({ engine }: Operator, run: FoundRun, reason: string | undefined): Promise<void> {
  const { cancelled, execution } = await engine().cancel(run.runId, { source: 'admin', ...(reason === undefined ? {} : { reason }) });
  if (!cancelled && execution.status !== 'cancelled') throw ended(run);
}

async function cancelCode({ world }: Operator, run: FoundRun): Promise<void> {
  try {
    await world.events.create(run.runId, { eventType: 'run_cancelled', specVersion });
  } catch (error) {
    if (EntityConflictError.is(error)) throw ended(run);
    throw error;
  }
}

/** Has a worker look at a run at once, whatever it waits for: a remedy for what should not happen, and free where it did not. */
export function wakeRun(operator: Operator, runId: string): Promise<RunSummary> {
  return audited(operator, { action: 'run.wake', target: runId, scope: 'act' }, async () => {
    const run = await findRun(operator, runId);
    if (isTerminal(run.status)) throw ended(run);
    const store = await operator.store();
    const now = store.now();
    await store.commit({ kind: 'wake', shard: run.shard, runId, dueAt: now, now, takeRunFor: null });
    operator.tellWorkers(now);
    return viewSummary(operator, run);
  });
}

export function ended({ runId, status }: Pick<FoundRun, 'runId' | 'status'>): OperateError {
  return new OperateError('conflict', 'RUN_ENDED', `Run "${runId}" has ended already${isTerminal(status) ? ` (${status})` : ''}.`);
}
