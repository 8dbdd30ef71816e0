import type { PawlWorld } from '../../src/connect/create-world.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { isTerminal } from '../../src/world/rows.ts';
import { describeStuck } from './describe-stuck.ts';
import { monotonic, pause } from './monotonic.ts';
import type { Program, Programs } from './program.ts';
import { isOutage, persist } from './outage.ts';

export interface TrafficOptions {
  readonly programs: Programs;
  /** Reads beside the workers. */
  readonly reader: PawlWorld;
  readonly random: Random;
  readonly parallel: number;
  /** True: no further run is started. */
  readonly enough: (started: number) => boolean;
  /** Waits between two runs of the same line, in milliseconds. */
  readonly pauseMs?: number;
  /** Whether the database is taken away now and then; else every call has to be answered. */
  readonly mayBeRefused?: boolean;
  /** No more runs than this are started in a second, so that the machine keeps some breath for other things. */
  readonly perSecond?: number;
}

// A run may outlive several kills, each of which costs a lease, on a machine that is busy starting processes.
const endMs = 300_000;
const lookEveryMs = 400;
const answerEveryMs = 100;

/** Keeps a number of runs going. Every run whose start was acknowledged has to end with the marks of its own steps. */
export class Traffic {
  readonly violations: string[] = [];
  /** The marks that each run gave as its value, by the name that its bodies have in the ledger. */
  readonly marks = new Map<string, readonly string[]>();
  /** Those whose steps come one after the other. */
  readonly inOrder = new Set<string>();
  /** From the acknowledged start of each run to when it was seen to have ended, in milliseconds. */
  readonly tookMs: number[] = [];
  steps = 0;
  started = 0;
  /** Calls that were refused while the database was away; whether they were done is not known, and they are not counted. */
  refused = 0;
  readonly #options: TrafficOptions;
  #nextStart = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** Resolves when it is enough and everything that was started has ended. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.parallel }, () => this.#line()));
  }

  async #line(): Promise<void> {
    const { enough, programs, random, pauseMs = 0 } = this.#options;
    while (!enough(this.started)) {
      this.started += 1;
      await this.#turn();
      const program = programs(random);
      const runId = await this.#start(program);
      if (runId === undefined) continue;
      const startedAt = monotonic();
      if (program.word !== undefined) await this.#answer(runId, program);
      await this.#follow(runId, program);
      this.tookMs.push(monotonic() - startedAt);
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

  async #start(program: Program): Promise<string | undefined> {
    try {
      return await program.start();
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.refused += 1;
      if (!this.#options.mayBeRefused) this.violations.push(`${program.name} could not be started: ${String(error)}`);
      await pause(100);
      return undefined;
    }
  }

  async #answer(runId: string, program: Program): Promise<void> {
    for (let looks = 1; looks * answerEveryMs < endMs; looks += 1) {
      if (await program.answer(runId)) return;
      // An answer that was refused, while the database was away, may have been taken all the same; then nobody listens any more.
      if (looks % 10 === 0 && (await this.#isOver(runId))) return;
      await pause(answerEveryMs);
    }
    this.violations.push(`${program.name} ${runId} did not listen for ${endMs} ms`);
  }

  async #isOver(runId: string): Promise<boolean> {
    const run = await this.#look(runId);
    return run !== undefined && isTerminal(run.status);
  }

  /** Undefined where the database is away, or does not know it. */
  #look(runId: string) {
    return this.#options.reader.runs.get(runId, { resolveData: 'none' }).catch((error: unknown) => {
      if (!this.#options.mayBeRefused) this.violations.push(`${runId} could not be read: ${String(error)}`);
      return undefined;
    });
  }

  async #follow(runId: string, program: Program): Promise<void> {
    const { name, steps, word } = program;
    const { reader } = this.#options;
    // By looks, not by the clock: while the whole machine stands still, nobody could have carried it on.
    for (let looks = 1; ; looks += 1) {
      await pause(lookEveryMs);
      const run = await this.#look(runId);
      const status = run?.status ?? 'unknown';
      if (status === 'completed') break;
      if (status === 'failed' || status === 'cancelled')
        return void this.violations.push(`${name} ${runId} is ${status}: ${JSON.stringify(run?.error)}`);
      if (looks * lookEveryMs > endMs) {
        return void this.violations.push(`${name} ${runId} is still ${status} after ${endMs} ms: ${await describeStuck(reader, runId)}`);
      }
    }
    const outcome = await persist(() => program.outcome(runId));
    const { owner, marks } = outcome;
    if (marks.length !== steps || outcome.word !== word) {
      this.violations.push(`${name} ${runId} gave ${JSON.stringify(outcome)} for ${steps} steps`);
    }
    this.steps += steps;
    this.marks.set(owner, marks);
    if (program.inOrder) this.inOrder.add(owner);
    const log = await persist(() => readLog(reader, runId));
    for (const broken of brokenLogRules(log)) this.violations.push(`${runId}: ${broken}`);
  }
}
