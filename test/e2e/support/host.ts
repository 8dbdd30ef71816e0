import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { HostApi } from './host-api.ts';

export type HostRole = 'worker' | 'producer';

export interface HostOptions {
  readonly id: string;
  readonly role: HostRole;
  /** The whole environment beside PATH and HOME: a host inherits no setting of the test process. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const program = fileURLToPath(new URL('../../fixtures/app/host.mjs', import.meta.url));
const READY_SECONDS = 60;
const STOP_MS = 30_000;

/** A host process (test/fixtures/app/host.mjs) that this test process has started and must end. */
export class Host {
  readonly id: string;
  readonly role: HostRole;
  readonly #process: ChildProcess;
  readonly #ready: Promise<HostApi>;
  #api: HostApi | undefined;
  readonly #said: { readonly at: number; readonly text: string }[] = [];

  private constructor({ id, role, env, cwd }: HostOptions) {
    this.id = id;
    this.role = role;
    this.#process = spawn(process.execPath, [program], {
      cwd,
      env: { ...inheritedEnv(), ...env, E2E_ROLE: role, E2E_HOST_ID: id },
      // The host ends when its stdin closes, so that none is left behind even if this process is killed.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process.stdin?.on('error', () => undefined);
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      // By the clock that all processes of this machine share and nobody sets.
      this.#said.push({ at: Number(process.hrtime.bigint() / 1_000_000n), text: chunk.toString() });
    });
    this.#ready = this.#listen();
    // Whoever needs the host awaits ready(); a host that is killed while it starts needs no answer.
    this.#ready.catch(() => undefined);
  }

  /** Starts the process and returns at once. */
  static launch(options: HostOptions): Host {
    return new Host(options);
  }

  /** Resolves when the host serves. */
  async ready(): Promise<this> {
    try {
      this.#api = await this.#ready;
      return this;
    } catch (error) {
      await this.kill();
      throw new Error(`Host ${this.id} did not become ready:\n${this.errors}`, { cause: error });
    }
  }

  /** What can be asked of the host, once it is ready. */
  get api(): HostApi {
    if (this.#api === undefined) throw new Error(`Host ${this.id} is not ready yet.`);
    return this.#api;
  }

  get isReady(): boolean {
    return this.#api !== undefined && this.isRunning;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The end of what the host has written to stderr. */
  get errors(): string {
    return this.#everything().slice(-8_000);
  }

  /** The lines on stderr, since the start, in which this stands. */
  linesWith(pattern: RegExp): string[] {
    return this.#everything()
      .split('\n')
      .filter((line) => pattern.test(line));
  }

  /** When it wrote this to stderr, each time, in milliseconds of the monotonic clock. The pattern is global. */
  saidAt(pattern: RegExp): number[] {
    const ends: number[] = [];
    for (const { text } of this.#said) ends.push((ends.at(-1) ?? 0) + text.length);
    return [...this.#everything().matchAll(pattern)].map(({ index }) => this.#said[ends.findIndex((end) => end > index)]?.at ?? 0);
  }

  /** SIGKILL: the host gets no chance to clean up. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** SIGSTOP: the host stands still, and nobody tells it or its World. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** SIGTERM: the host closes its World and must then end by itself. */
  async stop(): Promise<void> {
    // Before it is ready it has no handler for the signal, and no World to close.
    if (this.#api === undefined) return await this.kill();
    if (!this.isRunning) return;
    const end = await this.terminate();
    if (end !== 0) throw new Error(`Host ${this.id} ended with ${end}:\n${this.errors}`);
  }

  /** SIGTERM, and how the host ended: its exit code, or the signal that ended it. */
  async terminate(): Promise<number | NodeJS.Signals | null> {
    const exited = once(this.#process, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
    this.#process.kill('SIGTERM');
    try {
      await exited;
    } catch (error) {
      await this.kill();
      throw new Error(`Host ${this.id} still ran ${STOP_MS} ms after SIGTERM:\n${this.errors}`, { cause: error });
    }
    return this.#process.exitCode ?? this.#process.signalCode;
  }

  #everything(): string {
    return this.#said.map(({ text }) => text).join('');
  }

  async #listen(): Promise<HostApi> {
    let output = '';
    return await new Promise((resolve, reject) => {
      // Counted in seconds in which this process ran: where it stood still, the host did too.
      let left = READY_SECONDS;
      const timer = setInterval(() => {
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        reject(new Error(`No ready line within ${READY_SECONDS} s.`));
      }, 1_000);
      this.#process.once('error', reject);
      this.#process.once('exit', (code, signal) => {
        clearInterval(timer);
        reject(new Error(`It ended with ${code ?? signal}.`));
      });
      this.#process.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const ready = /^\{"ready":true,"port":(\d+)\}$/m.exec(output);
        if (ready === null) return;
        clearInterval(timer);
        resolve(new HostApi(`http://127.0.0.1:${ready[1]}`));
      });
    });
  }
}

/** A child process must not see the settings, the debug flags or the test runner of this one. */
export function inheritedEnv(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}
