import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramOptions {
  readonly cwd: string;
  /** The whole environment beside PATH and the temporary folder: a program inherits no setting of the test process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program in a process of its own, as a user would start it from a shell. It does not outlive the test process. */
export class Program {
  readonly #child: ChildProcess;
  readonly #title: string;
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(command: string, args: readonly string[], { cwd, env = {} }: ProgramOptions) {
    this.#title = [command, ...args].join(' ').slice(0, 200);
    this.#child = spawn(command, args, { cwd, env: { ...bareEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#closed = once(this.#child, 'close');
    this.#closed.catch(() => {});
    const killWithUs = () => this.#child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#child.once('exit', () => process.off('exit', killWithUs));
  }

  /** A module in Node, of the version that runs the tests. */
  static node(args: readonly string[], options: ProgramOptions): Program {
    return new Program(process.execPath, args, options);
  }

  /** Resolves when stdout holds the text; rejects if the program ends without having said it. */
  async says(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`${this.#title} ended without saying "${text}":\n${this.#stdout}${this.#stderr}`);
      }
      await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, 'data'), this.#closed]);
    }
  }

  /** What the first group of the pattern finds in what the program has said, on either stream; rejects if it ends before. */
  async match(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#stdout + this.#stderr)?.[1];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`${this.#title} ended without saying ${String(pattern)}:\n${this.#stdout}${this.#stderr}`);
      }
      const { stdout, stderr } = this.#child;
      await Promise.race([once(stdout as NodeJS.ReadableStream, 'data'), once(stderr as NodeJS.ReadableStream, 'data'), this.#closed]);
    }
  }

  async ended(): Promise<Ended> {
    await this.#closed;
    return { code: this.#child.exitCode, signal: this.#child.signalCode, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Asks it to end, if it has not. */
  stop(): void {
    this.#child.kill('SIGTERM');
  }

  /** Resolves when the program has ended of it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#child.kill(signal);
    return await this.ended();
  }
}

function bareEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}
