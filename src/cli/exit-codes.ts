/** How a command ended, for scripts (docs/cli.md). */
export const exitCodes = {
  done: 0,
  /** The database, or the command itself, did not work. */
  failed: 1,
  /** The command line or a setting is wrong; nothing was tried. */
  usage: 2,
  /** It worked, and the answer is no: something still waits, or is not well. */
  no: 3,
  /** There is no such run, or whatever else was named. */
  notFound: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that says by itself how the command ends. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, exitCode: ExitCode, message: string) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}
