import { Argument, Command } from 'commander';
import { ownVersion } from '../operate/version.ts';
import { addCommand, type End } from './add-command.ts';
import { completionScript, shells, type Shell } from './completion.ts';
import { exitCodes } from './exit-codes.ts';
import { parsePort, parseScopes, parseTimeout } from './parse-arguments.ts';
import { addFlowCommands } from './program-flow.ts';
import { addRunCommands } from './program-runs.ts';
import { addServeCommand } from './program-serve.ts';
import type { Session } from './session.ts';

/** The whole command line. What a command needs is loaded when it is called: a completion or a help text waits for nothing. */
export function createProgram(session: Session, end: End): Command {
  const program = new Command('pawl')
    .description('Durable workflows for TypeScript: looks after the database that WORKFLOW_PAWL_URL names.')
    .version(ownVersion(), '--version', 'the version of Pawl')
    .addHelpText('after', '\nExample:\n  pawl doctor')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => session.out(text.trimEnd()), writeErr: session.err });

  addRunCommands(program, session, end);
  addServeCommand(program, session, end);
  addFlowCommands(program, session, end);

  addCommand(program, 'explain <run>', {
    description: 'Say in one paragraph what a run does or waits for, and what to do if it should not.',
    example: 'pawl explain wrun_01JD7M5Z8Q4B2N6V9X3C1T0RKE',
  }).action(async (runId: string, options) => end(await (await import('./explain.ts')).explain(session, runId, options)));

  addCommand(program, 'doctor', {
    description: 'Check settings, database, schema, clock, workers, and a message through the queue; exit code 3 if something is wrong.',
    example: 'pawl doctor --timeout 5s',
  })
    .option('--timeout <duration>', 'how long an answer to the message may take', parseTimeout, 10_000)
    .option('--no-message', 'send no message')
    .action(async ({ timeout, ...options }: { timeout: number; message: boolean; json?: boolean }) =>
      end(await (await import('./doctor.ts')).doctor(session, { ...options, timeoutMs: timeout })),
    );

  addCommand(program, 'migrate', {
    description: 'Create the schema, or bring it up to this version.',
    example: 'pawl migrate --dry-run',
  })
    .option('--dry-run', 'only say what would be done')
    .action(async (options) => end(await (await import('./migrate.ts')).migrate(session, options)));

  addCommand(program, 'prune', {
    description: 'Delete runs that WORKFLOW_PAWL_RETENTION keeps no longer, as workers do gradually.',
    example: 'pawl prune --dry-run --json',
  })
    .option('--dry-run', 'only count them')
    .action(async (options) => end(await (await import('./prune.ts')).prune(session, options)));

  addCommand(program, 'drain', {
    description: 'Say what still waits for another build; exit code 3 while something does.',
    example: 'pawl drain --deployment dpl_42',
  })
    .option('--deployment <id>', 'the current build (default: WORKFLOW_PAWL_DEPLOYMENT_ID)')
    .action(async (options) => end(await (await import('./drain.ts')).drain(session, options)));

  program
    .command('mcp')
    .description('Let an agent look after runs, by the Model Context Protocol: over stdin and stdout, or over HTTP.')
    .addHelpText('after', '\nExample:\n  pawl mcp --scopes read+act')
    .option('--port <port>', 'over HTTP at this port, in the name of the token of each request', parsePort)
    .option('--host <host>', 'the address to listen on; any but loopback demands WORKFLOW_PAWL_TOKENS', '127.0.0.1')
    .option('--scopes <scopes>', 'what it may do over stdin: read (the default), act, admin, joined by "+"', parseScopes)
    .option('--tenant <id>', 'sees and does nothing outside of this tenant')
    .option('--token <name>', 'has the scopes and the tenant of this one of WORKFLOW_PAWL_TOKENS')
    .action(async (options) => end(await (await import('./mcp.ts')).mcp(session, options)));

  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose completion').choices(shells))
    .description('Print what makes a shell complete this command line.')
    .addHelpText('after', '\nExample:\n  pawl completion bash >> ~/.bashrc')
    .action((shell: Shell) => {
      session.out(completionScript(shell, program));
      end(exitCodes.done);
    });
  return program;
}
