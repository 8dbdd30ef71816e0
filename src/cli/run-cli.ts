import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { describeError } from '../base/logger.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
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

function createProgram(session: Session, end: (code: ExitCode) => void): Command {
  const program = new Command('pawl')
    .description('Durable workflows for TypeScript: looks after the database that WORKFLOW_PAWL_URL names.')
    .version(ownVersion(), '--version', 'the version of Pawl')
    .addHelpText('after', '\nExample:\n  pawl doctor')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => session.out(text.trimEnd()), writeErr: session.err });
  const add = (parent: Command, usage: string, { description, example }: { description: string; example: string }) =>
    parent
      .command(usage)
      .description(description)
      .option('--json', 'one JSON value on stdout, and nothing else')
      .addHelpText('after', `\nExample:\n  ${example}`);

  add(program, 'migrate', {
    description: 'Create the schema, or bring it up to this version.',
    example: 'pawl migrate --dry-run',
  })
    .option('--dry-run', 'only say what would be done')
    .action(async (options) => end(await (await import('./migrate.ts')).migrate(session, options)));

  add(program, 'prune', {
    description: 'Delete runs that WORKFLOW_PAWL_RETENTION keeps no longer, as workers do by and by.',
    example: 'pawl prune --dry-run --json',
  })
    .option('--dry-run', 'only count them')
    .action(async (options) => end(await (await import('./prune.ts')).prune(session, options)));

  add(program, 'drain', {
    description: 'Say what still waits for another build; exit code 3 while something does.',
    example: 'pawl drain --deployment dpl_42',
  })
    .option('--deployment <id>', 'the current build (default: WORKFLOW_PAWL_DEPLOYMENT_ID)')
    .action(async (options) => end(await (await import('./drain.ts')).drain(session, options)));

  const runs = program
    .command('runs')
    .description('Look at runs, and cancel them.')
    .helpCommand(false)
    .addHelpText('after', '\nExample:\n  pawl runs list --status failed');
  add(runs, 'list', { description: 'List runs, newest first.', example: 'pawl runs list --status failed --limit 50' })
    .addOption(new Option('--status <status>', 'only these').choices(['pending', 'running', 'completed', 'failed', 'cancelled']))
    .option('--workflow <name>', 'only those of this workflow')
    .option('--limit <count>', 'how many at most', parseLimit, 20)
    .option('--cursor <cursor>', 'go on after the page that named it')
    .action(async (options) => end(await (await import('./runs-list.ts')).runsList(session, options)));
  add(runs, 'show <run>', {
    description: 'Show a run, its steps and its log.',
    example: 'pawl runs show wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE --json',
  }).action(async (runId: string, options) => end(await (await import('./runs-show.ts')).runsShow(session, runId, options)));
  add(runs, 'cancel <run>', {
    description: 'Cancel a run; what has begun in it is not undone.',
    example: 'pawl runs cancel wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE',
  }).action(async (runId: string, options) => end(await (await import('./runs-cancel.ts')).runsCancel(session, runId, options)));

  add(program, 'doctor', {
    description: 'Check settings, database, schema, clock, workers, and a message through the queue; exit code 3 if something is wrong.',
    example: 'pawl doctor --timeout 5s',
  })
    .option('--timeout <duration>', 'how long an answer to the message may take', parseTimeout, 10_000)
    .option('--no-message', 'send no message')
    .action(async ({ timeout, ...options }: { timeout: number; message: boolean; json?: boolean }) =>
      end(await (await import('./doctor.ts')).doctor(session, { ...options, timeoutMs: timeout })),
    );
  return program;
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

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > 1_000) throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
  return limit;
}

function parseTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('It must be a duration like 5s or 500ms.');
  return ms;
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
