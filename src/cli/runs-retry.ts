import { tryAgain } from '../operate/retry-run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';

export interface RunsRetryOptions {
  readonly fromStep?: string;
  readonly anew?: boolean;
  readonly json?: boolean;
}

/**
 * A new run in the place of one that ended: of a flow from where it stopped, of code from the start. The old one stays as it is. Throws
 * RUN_NOT_ENDED for one that is open.
 */
export async function runsRetry(session: Session, runId: string, options: RunsRetryOptions): Promise<ExitCode> {
  const { fromStep, anew, json = false } = options;
  return await withOperator(session, async (operator) => {
    const { run, how } = await tryAgain(operator, runId, { fromStep, anew });
    if (json) session.out(JSON.stringify({ runId: run.runId, retryOf: runId, how }));
    else session.out(`Run ${run.runId} ${how === 'retry' ? `goes on where ${runId} stopped` : `begins anew with the input of ${runId}`}.`);
    return exitCodes.done;
  });
}
