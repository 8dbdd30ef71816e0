import { Worker } from 'node:worker_threads';
import { FlowError } from './errors.ts';
import { sandboxSource } from './sandbox-source.ts';
import type { FlowProblem, JSONSchema } from './types.ts';

/** Runs what users wrote – expressions, schemas and the patterns in them – apart from this thread (decisions B7). */
export interface Sandbox {
  /** Evaluates JSONata over JSON data; undefined if it finds nothing. Throws INPUT_RESOLUTION_ERROR. */
  evaluate(expression: string, data: unknown, now: number): Promise<unknown>;
  /** What is wrong with the data; empty if it fits. Throws INVALID_INPUT if that cannot be found out in time. */
  validate(schema: JSONSchema, data: unknown): Promise<readonly FlowProblem[]>;
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** Milliseconds one evaluation may take; default 1,000. */
  readonly timeLimitMs?: number;
  /** Megabytes one worker thread may hold; default 128. */
  readonly memoryLimitMb?: number;
  readonly workers?: number;
}

interface Job {
  readonly kind: 'evaluate' | 'validate';
  readonly text: string;
  readonly data: string | undefined;
  readonly now: number;
}
interface Answer {
  readonly value?: string;
  readonly problem?: string;
  readonly code?: string;
}

/** Worker threads that are started when first needed and keep no process alive while they are idle. */
export function createSandbox({ timeLimitMs = 1_000, memoryLimitMb = 128, workers = 2 }: SandboxOptions = {}): Sandbox {
  const idle: Worker[] = [];
  const busy = new Set<Worker>();
  const queue: (() => void)[] = [];

  async function acquire(): Promise<Worker> {
    // Checked again after each wait: a worker that was freed may have been taken meanwhile.
    while (idle.length === 0 && busy.size >= workers) await new Promise<void>((resolve) => queue.push(resolve));
    const worker = idle.pop() ?? start();
    busy.add(worker);
    await ready.get(worker);
    return worker;
  }

  function start(): Worker {
    const worker = startWorker(memoryLimitMb);
    // One that dies while it is idle would never answer whoever gets it next.
    worker.once('exit', () => {
      const at = idle.indexOf(worker);
      if (at !== -1) idle.splice(at, 1);
    });
    return worker;
  }

  function giveBack(worker: Worker, alive: boolean): void {
    busy.delete(worker);
    if (alive) idle.push(worker);
    queue.shift()?.();
  }

  async function run(job: Job): Promise<Answer> {
    const worker = await acquire();
    const answer = await ask(worker, job, timeLimitMs);
    if (answer === undefined) await worker.terminate();
    giveBack(worker, answer !== undefined);
    return answer ?? { problem: `it took longer than ${timeLimitMs} ms or more than ${memoryLimitMb} MB` };
  }

  return {
    async evaluate(expression, data, now) {
      const answer = await run({ kind: 'evaluate', text: expression, data: JSON.stringify(data), now });
      if (answer.problem === undefined) return parse(answer.value);
      throw new FlowError('INPUT_RESOLUTION_ERROR', `Expression "${shorten(expression)}" failed: ${answer.problem}.`, {
        details: { expression: shorten(expression), ...(answer.code ? { errorCode: answer.code } : {}) },
      });
    },
    async validate(schema, data) {
      const answer = await run({ kind: 'validate', text: JSON.stringify(schema), data: JSON.stringify(data), now: 0 });
      if (answer.problem === undefined) return parse(answer.value) as readonly FlowProblem[];
      throw new FlowError('INVALID_INPUT', `The value could not be checked against its schema: ${answer.problem}.`);
    },
    async close() {
      await Promise.all([...idle.splice(0), ...busy].map((worker) => worker.terminate()));
    },
  };
}

let shared: Sandbox | undefined;

/** One for the process, so that many engines share its threads. */
export function sharedSandbox(): Sandbox {
  shared ??= createSandbox();
  return shared;
}

function startWorker(memoryLimitMb: number): Worker {
  const worker = new Worker(sandboxSource, {
    eval: true,
    workerData: { base: import.meta.url, maxStack: 400, maxResult: 16 * 2 ** 20 },
    resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb, stackSizeMb: 4 },
    execArgv: [],
    env: {},
  });
  // Stands for ever: an error that arrives while a worker is being ended must not become an uncaught one.
  worker.on('error', () => undefined);
  ready.set(
    worker,
    new Promise<void>((resolve) => worker.once('message', () => resolve()).once('exit', () => resolve())).then(() => {
      worker.unref();
    }),
  );
  return worker;
}

/** Resolves when a worker has loaded what it needs, so that loading does not count against an evaluation. */
const ready = new WeakMap<Worker, Promise<void>>();

/** The limit is counted in so many slices, each of which this thread saw: a machine that stood still does not count. */
const slices = 10;

/** Undefined if the worker died or did not answer in time. The timer is real: it guards the process, it decides no rule. */
function ask(worker: Worker, job: Job, timeLimitMs: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    worker.ref();
    let left = slices;
    const settle = (answer: Answer | undefined) => {
      clearInterval(timer);
      worker.unref();
      worker.off('message', settle).off('exit', fail);
      resolve(answer);
    };
    const fail = () => settle(undefined);
    const timer = setInterval(() => {
      left -= 1;
      if (left <= 0) fail();
    }, timeLimitMs / slices);
    worker.on('message', settle).on('exit', fail);
    worker.postMessage(job);
  });
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
