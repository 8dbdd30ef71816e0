import { CommanderError } from 'commander';
import { describeError } from '../base/logger.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { createProgram } from './program.ts';
import type { Session } from './session.ts';

/** Runs one command line; the answer is the exit code of the process. */
export async function runCli(args: readonly string[], session: Session): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const program = createProgram(session, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said already what it minds; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return report(session, error, args.includes('--json'));
  }
}

function report(session: Session, error: unknown, json: boolean): ExitCode {
  const { code: given } = (error ?? {}) as { code?: unknown };
  const code = typeof given === 'string' ? given : 'ERROR';
  const exitCode = error instanceof CliError ? error.exitCode : code === 'INVALID_SETTING' ? exitCodes.usage : exitCodes.failed;
  const known = error instanceof CliError || code === 'INVALID_SETTING' || code === 'SCHEMA_TOO_NEW';
  const message = known ? (error as Error).message : describeError(error);
  session.err(`${json ? JSON.stringify({ error: { code, message } }) : message}\n`);
  return exitCode;
}
