import { replayRun, retryRun } from '../operate/retry-run.ts';
import { getRun } from '../operate/get-run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';

export interface RunsRetryOptions {
  readonly fromStep?: string;
  readonly anew?: boolean;
  readonly json?: boolean;
}

/** A new run in the place of one that ended: of a flow from where it stopped, of code from the start. The old one stays as it is. */
export async function runsRetry(session: Session, runId: string, options: RunsRetryOptions): Promise<ExitCode> {
  const { fromStep, anew = false, json = false } = options;
  return await withOperator(session, async (operator) => {
    const { kind } = await getRun(operator, runId);
    // A step is named: then code is refused by the act itself, which says why.
    const goesOn = fromStep !== undefined || (kind === 'flow' && !anew);
    const { run } = goesOn ? await retryRun(operator, runId, { fromStep }) : await replayRun(operator, runId);
    if (json) session.out(JSON.stringify({ runId: run.runId, retryOf: runId, how: goesOn ? 'retry' : 'replay' }));
    else session.out(`Run ${run.runId} ${goesOn ? `goes on where ${runId} stopped` : `begins anew with the input of ${runId}`}.`);
    return exitCodes.done;
  });
}
