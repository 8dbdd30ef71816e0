import { CommanderError } from 'commander';
import { errorCode } from '../base/error-code.ts';
import { describeError } from '../base/logger.ts';
import { isUnavailable } from '../world/errors.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import type { InputProblem, OperateErrorKind } from '../operate/errors.ts';
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
    return await report(session, error, args.includes('--json'));
  }
}

async function report(session: Session, error: unknown, json: boolean): Promise<ExitCode> {
  const { code, message, exitCode, problems = [] } = await explainError(error);
  // Some errors tell their problems themselves.
  const lines = [message, ...problems.map(lineOf).filter((line) => !message.includes(line))];
  session.err(`${json ? JSON.stringify({ error: { code, message, ...(problems.length > 0 ? { problems } : {}) } }) : lines.join('\n')}\n`);
  return exitCode;
}

function lineOf({ pointer, message }: InputProblem): string {
  return `  ${pointer || '/'}: ${message}`;
}

interface Explained {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly problems?: readonly InputProblem[];
}

async function explainError(error: unknown): Promise<Explained> {
  const code = errorCode(error);
  if (error instanceof CliError) return { code, message: error.message, exitCode: error.exitCode };
  const exitCode = exitCodeOfCode[code];
  if (exitCode !== undefined) return { code, message: (error as Error).message, exitCode };
  const { asOperateError } = await import('../operate/errors.ts');
  const known = asOperateError(error);
  // That the database does not answer is said best by what the World said of it.
  if (isUnavailable(error)) return { code, message: (error as Error).message, exitCode: exitCodes.failed };
  if (!known || known.kind === 'unavailable') return { code, message: describeError(error), exitCode: exitCodes.failed };
  return { code: known.code, message: known.message, exitCode: exitCodeOf[known.kind], problems: known.problems };
}

// Errors whose message says all that there is to say.
const exitCodeOfCode: Readonly<Record<string, ExitCode>> = {
  EACCES: exitCodes.failed,
  EADDRINUSE: exitCodes.failed,
  EADDRNOTAVAIL: exitCodes.failed,
  INVALID_SETTING: exitCodes.usage,
  SCHEMA_TOO_NEW: exitCodes.failed,
};

const exitCodeOf: Readonly<Record<OperateErrorKind, ExitCode>> = {
  invalid: exitCodes.usage,
  unauthorized: exitCodes.no,
  forbidden: exitCodes.no,
  'not-found': exitCodes.notFound,
  conflict: exitCodes.no,
  limit: exitCodes.no,
  unavailable: exitCodes.failed,
};
