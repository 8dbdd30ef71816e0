import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { completionScript, type Shell, shells } from './completion.ts';
import { createProgram } from './program.ts';

const session = { env: {}, out: () => {}, err: () => {}, terminal: false };
const program = createProgram(session, () => {});

describe('completion', () => {
  it.each(shells)('for %s knows every command and every option', (shell) => {
    const script = completionScript(shell, program);
    for (const command of allCommands(program)) {
      expect(script).toContain(command.name());
      for (const { long } of command.options) expect(script).toContain(shell === 'fish' ? `-l ${long?.slice(2)}` : long);
    }
  });

  it.each([
    ['pawl ', ['runs', 'doctor', 'completion', '--version', '--help']],
    ['pawl ru', ['runs']],
    ['pawl runs ', ['list', 'show', 'cancel']],
    ['pawl runs list --s', ['--status']],
    ['pawl runs list --status ', ['pending', 'completed', 'cancelled']],
    ['pawl runs list --status f', ['failed']],
    ['pawl runs list --json --l', ['--limit']],
    ['pawl completion ', ['bash', 'zsh', 'fish']],
  ])('in bash, %j is completed', (line, expected) => {
    expect(inBash(line)).toEqual(expect.arrayContaining(expected));
  });

  it('in bash offers no option where a value is due', () => {
    expect(inBash('pawl runs list --limit ')).toEqual([]);
    expect(inBash('pawl runs cancel --l')).toEqual([]);
  });

  it.each(shells.filter(isThere))('for %s is a script that the shell can read', (shell) => {
    expect(() => execFileSync(shell, ['-n'], { input: completionScript(shell, program) })).not.toThrow();
  });
});

function inBash(line: string): string[] {
  const words = line.split(' ');
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _pawl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', `${completionScript('bash', program)}\n${ask}`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

function isThere(shell: Shell): boolean {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
