import { type ChildProcess, spawn } from 'node:child_process';
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

/** Writers that are loaded before they are needed. */
export class Writers {
  readonly #spare: ChildProcess[] = [];
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** The one that was started first, which begins when it gets its order; others are started for the time after it. */
  take(): ChildProcess {
    while (this.#spare.length <= this.#keep) this.#spare.push(launch());
    return this.#spare.shift() as ChildProcess;
  }

  close(): void {
    for (const writer of this.#spare) writer.kill('SIGKILL');
  }
}

function launch(): ChildProcess {
  const writer = spawn(process.execPath, [writerProgram], { env: inheritedEnv(), stdio: ['pipe', 'pipe', 'ignore'] });
  dieWithUs(writer);
  writer.stdin.on('error', () => undefined);
  return writer;
}
