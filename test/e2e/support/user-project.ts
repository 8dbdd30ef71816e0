import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedEnv } from './host.ts';

export interface CliAnswer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const leash = fileURLToPath(new URL('leash.js', import.meta.url));

/** A project of somebody who has installed `pawl` and `workflow`, and works with the official command line in it. */
export class UserProject {
  readonly directory: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(directory: string, env: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#env = env;
  }

  static async create(env: Readonly<Record<string, string>>): Promise<UserProject> {
    const directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-project-'));
    const modules = join(directory, 'node_modules');
    await mkdir(join(modules, '.bin'), { recursive: true });
    await writeFile(join(directory, 'package.json'), '{ "name": "shop", "private": true }\n');
    await symlink(repository, join(modules, 'pawl'));
    await symlink(join(repository, 'node_modules', 'workflow'), join(modules, 'workflow'));
    await symlink('../workflow/bin/run.js', join(modules, '.bin', 'workflow'));
    // Neither npx nor the command line is to ask the npm registry for newer versions of themselves.
    const quiet = { npm_config_update_notifier: 'false', WORKFLOW_NO_UPDATE_CHECK: '1' };
    return new UserProject(directory, { ...env, ...quiet, HOME: directory });
  }

  /** What `npx workflow ...` prints. */
  async workflow(...args: readonly string[]): Promise<CliAnswer> {
    // What npx finds here: npx itself takes longer than most commands.
    const child = spawn(join(this.directory, 'node_modules', '.bin', 'workflow'), args, {
      cwd: this.directory,
      env: { ...inheritedEnv(), ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    await once(child, 'close');
    return { exitCode: child.exitCode, stdout: stdout(), stderr: stderr() };
  }

  /** The same for a command that goes on until it is ended, which `end` does. */
  keepRunning(...args: readonly string[]): { readonly output: () => string; end(): Promise<void> } {
    const child = spawn(process.execPath, [leash, 'npx', '--no-install', 'workflow', ...args], {
      cwd: this.directory,
      env: { ...inheritedEnv(), ...this.#env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    return { output: () => stdout() + stderr(), end: async () => await end(child) };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}
