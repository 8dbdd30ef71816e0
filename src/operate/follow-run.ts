import { isTerminal } from '../world/rows.ts';
import { expectScope } from './caller.ts';
import { asOperateError } from './errors.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { findRun, type RunStatus, statusOf } from './run-views.ts';

export interface RunMark {
  readonly eventCount: number;
  readonly status: RunStatus;
}

/** Yields how far the run is, now and whenever that changes, until it is over or forgotten. Throws RUN_NOT_FOUND at the first look. */
export async function* followRun(operator: Operator, runId: string, signal: AbortSignal): AsyncGenerator<RunMark, void, void> {
  expectScope(operator.caller, 'read');
  let last: RunMark | undefined;
  for await (const _ of looks(operator, signal)) {
    const run = await findRun(operator, runId).catch((error: unknown) => {
      if (last === undefined || asOperateError(error)?.code !== 'RUN_NOT_FOUND') throw error;
    });
    if (!run) return;
    const mark = { eventCount: run.lastSeq, status: statusOf(run) };
    if (mark.eventCount === last?.eventCount && mark.status === last.status) continue;
    last = mark;
    yield mark;
    if (isTerminal(run.status)) return;
  }
}
