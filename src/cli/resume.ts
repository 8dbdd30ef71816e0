import { resumeByToken, resumeRun } from '../operate/resume.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { readLine } from './read-line.ts';
import { type Session, withOperator } from './session.ts';

export interface ResumeOptions {
  readonly token?: string;
  readonly hook?: string;
  readonly data?: unknown;
  readonly json?: boolean;
}

/** Gives a run what it waits for: by its id, as an operator may, or by the token of a hook. */
export async function resume(session: Session, runId: string | undefined, options: ResumeOptions): Promise<ExitCode> {
  const { token, hook, data, json = false } = options;
  if ((runId === undefined) === (token === undefined)) {
    throw new CliError('INVALID_INPUT', exitCodes.usage, 'Name a run, or give a --token: one of both.');
  }
  const given = token === '-' ? await readLine(process.stdin) : token;
  return await withOperator(session, async (operator) => {
    const resumed =
      given === undefined ? await resumeRun(operator, runId ?? '', { hookId: hook, data }) : await resumeByToken(operator, given, data);
    session.out(json ? JSON.stringify(resumed) : `Run ${resumed.runId} is resumed.`);
    return exitCodes.done;
  });
}
