import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedEnv } from '../../test/e2e/support/host.ts';
import { dieWithUs } from '../node-program.ts';

export const writerProgram = fileURLToPath(new URL('writer.js', import.meta.url));

/** What a writer is told: to fill the database of this folder, and to note beside it what was acknowledged. */
export function orderOf(folder: string, payloadBytes: number): string {
  const order = { url: `sqlite:${join(folder, 'pawl.db')}`, acknowledgements: join(folder, 'acknowledged'), payloadBytes };
  return `${JSON.stringify(order)}\n`;
}

export interface Writer {
  readonly process: ChildProcess;
  /** Its first event was acknowledged, or it has ended. */
  readonly first: Promise<unknown>;
  readonly closed: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  /** All that it has said on stdout. */
  said(): string;
}

/** Writers that are loaded before they are needed. */
export class Writers {
  readonly #spare: Writer[] = [];
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** The one that was started first, which begins when it gets its order; others are started for the time after it. */
  take(): Writer {
    while (this.#spare.length <= this.#keep) this.#spare.push(launch());
    return this.#spare.shift() as Writer;
  }

  close(): void {
    for (const writer of this.#spare) writer.process.kill('SIGKILL');
  }
}

function launch(): Writer {
  const child = spawn(process.execPath, [writerProgram], { env: inheritedEnv(), stdio: ['pipe', 'pipe', 'ignore'] });
  dieWithUs(child);
  child.stdin.on('error', () => undefined);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, 'close') as Writer['closed'];
  return { process: child, closed, first: Promise.race([once(child.stdout, 'data'), closed]), said: () => said };
}
