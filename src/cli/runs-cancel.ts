import { cancelRun } from '../operate/change-run.ts';
import { getRun } from '../operate/get-run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';

export interface RunsCancelOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** Cancels one run; a run that was cancelled before is left as it is. */
export async function runsCancel(session: Session, runId: string, { reason, json = false }: RunsCancelOptions): Promise<ExitCode> {
  return await withOperator(session, async (operator) => {
    const already = (await getRun(operator, runId)).status === 'cancelled';
    const { status } = await cancelRun(operator, runId, { reason });
    if (json) session.out(JSON.stringify({ runId, status, cancelled: !already }));
    else session.out(already ? `Run ${runId} was cancelled before.` : `Run ${runId} is cancelled.`);
    return exitCodes.done;
  });
}
