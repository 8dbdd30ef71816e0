import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { runCli } from './run-cli.ts';

const silent = { env: {}, out: () => {}, err: () => {}, terminal: false };
const commands = pathsOf(createProgram(silent, () => {}));

describe('the help', () => {
  it('is there for every command', () => {
    expect(commands.length).toBeGreaterThan(18);
  });

  it.each(commands)('of "%s" has an example', async (path) => {
    const said = { out: '', err: '' };
    const session = {
      ...silent,
      out: (text: string) => void (said.out += text),
      err: (text: string) => void (said.err += text),
    };
    expect(await runCli([...path.split(' ').filter(Boolean), '--help'], session)).toBe(0);
    expect(said.err).toBe('');
    expect(said.out).toContain(`Usage: pawl ${path}`.trim());
    expect(said.out).toMatch(/Example:\n {2}pawl \w/);
  });
});

/** The words that lead to each command; '' is `pawl` itself. */
function pathsOf(command: Command, path = ''): string[] {
  return [path, ...command.commands.flatMap((child) => pathsOf(child, `${path} ${child.name()}`.trim()))];
}
