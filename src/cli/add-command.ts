import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';

/** How a command says with what it ended. */
export type End = (code: ExitCode) => void;

export interface CommandText {
  readonly description: string;
  /** A command line that works as it stands, without the shell's prompt. */
  readonly example: string;
}

/** A command with the options and the help that all have. */
export function addCommand(parent: Command, usage: string, { description, example }: CommandText): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--json', 'one JSON value on stdout, and nothing else')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/** A command that only holds others. */
export function addGroup(parent: Command, name: string, { description, example }: CommandText): Command {
  return parent.command(name).description(description).helpCommand(false).addHelpText('after', `\nExample:\n  ${example}`);
}
