import { EntityConflictError } from '@workflow/errors';
import { getRun } from '../operate/get-run.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { type Session, withOperator } from './session.ts';

export interface RunsCancelOptions {
  readonly json?: boolean;
}

/** Cancels one run; a run that was cancelled before is left as it is. */
export async function runsCancel(session: Session, runId: string, { json = false }: RunsCancelOptions): Promise<ExitCode> {
  return await withOperator(session, async (operator) => {
    const before = await getRun(operator, runId);
    const already = before.status === 'cancelled';
    if (!already) {
      await operator.world.events.create(runId, { eventType: 'run_cancelled', specVersion }).catch((error: unknown) => {
        if (!EntityConflictError.is(error)) throw error;
        throw new CliError('RUN_ENDED', exitCodes.no, `Run "${runId}" has ended already, so it cannot be cancelled.`);
      });
    }
    if (json) session.out(JSON.stringify({ runId, status: 'cancelled', cancelled: !already }));
    else session.out(already ? `Run ${runId} was cancelled before.` : `Run ${runId} is cancelled.`);
    return exitCodes.done;
  });
}
