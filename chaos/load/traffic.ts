import type { World } from '@workflow/world';
import { HostError, type HostApi } from '../../test/e2e/support/host-api.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { monotonic, pause } from './monotonic.ts';

export interface TrafficOptions {
  /** A process that only starts runs and answers hooks. */
  readonly api: HostApi;
  /** Reads beside the workers. */
  readonly reader: World;
  readonly random: Random;
  readonly parallel: number;
  /** Tells its tokens from those of others; needed where there are several at a time. */
  readonly name?: string;
  /** True: no further run is started. */
  readonly enough: (started: number) => boolean;
  /** Waits between two runs of the same line, in milliseconds. */
  readonly pauseMs?: number;
  /** No more runs than this are started in a second, so that the machine keeps some breath for other things. */
  readonly perSecond?: number;
}

interface Program {
  readonly workflow: string;
  readonly args: readonly unknown[];
  readonly steps: number;
  readonly token?: string;
}

// A run may outlive several kills, each of which costs a lease, on a machine that is busy starting processes.
const endMs = 300_000;
const lookEveryMs = 400;

/** Keeps a number of runs going. Every run whose start was acknowledged has to end with the marks of its own steps. */
export class Traffic {
  readonly violations: string[] = [];
  /** The marks that each run gave as its value. */
  readonly marks = new Map<string, readonly string[]>();
  /** When each run was found to have ended. */
  readonly endedAt: number[] = [];
  steps = 0;
  started = 0;
  /** Calls that were refused while the database was away; whether they were done is not known, and they are not counted. */
  refused = 0;
  readonly #options: TrafficOptions;
  #tokens = 0;
  #nextStart = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** Resolves when it is enough and everything that was started has ended. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.parallel }, () => this.#line()));
  }

  async #line(): Promise<void> {
    const { enough, pauseMs = 0 } = this.#options;
    while (!enough(this.started)) {
      this.started += 1;
      await this.#turn();
      const program = this.#choose();
      const runId = await this.#start(program);
      if (runId === undefined) continue;
      if (program.token !== undefined) await this.#answer(runId, program.token);
      await this.#follow(runId, program);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }

  /** What could not be started in time is not made up for in a rush. */
  async #turn(): Promise<void> {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return;
    const now = monotonic();
    const at = Math.max(this.#nextStart, now - 1_000);
    this.#nextStart = at + 1_000 / perSecond;
    if (at > now) await pause(at - now);
  }

  #choose(): Program {
    const { random, name = 'word' } = this.#options;
    const bodies = Array.from({ length: random.between(4, 7) }, () => random.pick([1, 5, 15, 15, 300]));
    const token = `${name}-${(this.#tokens += 1)}`;
    return random.pick<Program>([
      { workflow: 'load//walk', args: [bodies], steps: bodies.length },
      { workflow: 'load//spread', args: [bodies], steps: bodies.length },
      { workflow: 'load//rest', args: [bodies.slice(0, 4), random.between(1, 400)], steps: 4 },
      { workflow: 'load//listen', args: [bodies, token], steps: bodies.length, token },
    ]);
  }

  async #start({ workflow, args }: Program): Promise<string | undefined> {
    try {
      return await this.#options.api.start(workflow, args);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.refused += 1;
      await pause(100);
      return undefined;
    }
  }

  async #answer(runId: string, token: string): Promise<void> {
    const deadline = monotonic() + endMs;
    while (monotonic() < deadline) {
      try {
        await this.#options.api.resume(token, { word: token });
        return;
      } catch (error) {
        const passing = error instanceof HostError && (error.name === 'HookNotFoundError' || isRefusal(error));
        if (!passing) throw error;
      }
      await pause(100);
    }
    this.violations.push(`the hook of ${runId} was not there for ${endMs} ms`);
  }

  async #follow(runId: string, { steps, token, workflow }: Program): Promise<void> {
    const { reader, api } = this.#options;
    // By looks, not by the clock: while the whole machine stands still, nobody could have carried it on.
    for (let looks = 1; ; looks += 1) {
      await pause(lookEveryMs);
      const run = await reader.runs.get(runId, { resolveData: 'none' }).catch(() => undefined);
      const status = run?.status ?? 'unknown';
      if (status === 'completed') break;
      if (status === 'failed' || status === 'cancelled')
        return void this.violations.push(`${workflow} ${runId} is ${status}: ${JSON.stringify(run?.error)}`);
      if (looks * lookEveryMs > endMs) return void this.violations.push(`${workflow} ${runId} is still ${status} after ${endMs} ms`);
    }
    this.endedAt.push(monotonic());
    const result = await persist(async () => {
      const read = await api.result(runId);
      if (!read.ok && read.error.name === 'WorkflowWorldError') throw new HostError(read.error);
      return read;
    });
    const value = result.ok ? (result.value as string[]) : [];
    const marks = token === undefined ? value : value.slice(0, -1);
    if (marks.length !== steps || (token !== undefined && value.at(-1) !== token)) {
      this.violations.push(`${workflow} ${runId} gave ${JSON.stringify(result)} for ${steps} steps`);
    }
    this.steps += steps;
    this.marks.set(runId, marks);
    const log = await persist(() => readLog(reader, runId));
    for (const broken of brokenLogRules(log)) this.violations.push(`${runId}: ${broken}`);
  }
}

/** What a database that is away makes of a call. */
export function isRefusal(error: unknown): boolean {
  return /cannot be (?:used|reached)|broke before a commit|is away|ECONNRE|fetch failed|503|terminat|timeout|connect/i.test(
    [error, (error as Error).cause].map((part) => (part instanceof Error ? `${part.name} ${part.message}` : '')).join(' '),
  );
}

async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries > 200 || !isRefusal(error)) throw error;
      await pause(200);
    }
  }
}
