import type { PawlWorld } from '../../../src/connect/create-world.ts';
import { WorldEngine } from '../../../src/connect/open-engine.ts';
import { canonicalJson } from '../../../src/flow/canonical-json.ts';
import type { Sandbox } from '../../../src/flow/sandbox.ts';
import { brokenLogRules } from '../../../src/testing/log-rules.ts';
import { projectLog } from '../../../src/testing/project-log.ts';
import { readEntities } from '../../../src/testing/read-entities.ts';
import { dataOf, readLog } from '../../../src/testing/read-log.ts';
import type { Random } from '../../../test/e2e/support/random.ts';
import type { SimulatedProcess, VirtualTime } from '../virtual-time.ts';
import type { Witness } from '../witness.ts';
import { type Used, useExecution } from './client.ts';
import { type Question, simulatedHandlers } from './handlers.ts';
import { problemsOf } from './model.ts';
import { childFlowId, childParts, flowOf, type FlowProgram, randomFlowProgram, undoStepId, withBounds } from './program.ts';
import { FlowWitness } from './witness.ts';

export interface FlowSideOptions {
  readonly time: VirtualTime;
  readonly witness: Witness;
  readonly random: Random;
  readonly executions: number;
  /** Whether steps and executions may take so long only, and are undone. */
  readonly bounded: boolean;
  /** Whether what did not complete is tried again. */
  readonly triesAgain: boolean;
}

/** What there is of flows in a simulation: programs, an engine in each process, and somebody who watches. */
export class FlowSide {
  readonly witness: FlowWitness;
  readonly #time: VirtualTime;
  readonly #codeWitness: Witness;
  readonly #programs: readonly FlowProgram[];
  readonly #questions: Question[] = [];
  readonly #triesAgain: boolean;

  constructor({ random, executions, bounded, triesAgain, ...options }: FlowSideOptions) {
    this.#triesAgain = triesAgain;
    this.#time = options.time;
    this.#codeWitness = options.witness;
    const programs = Array.from({ length: executions }, (_, index) => randomFlowProgram(random, index));
    this.#programs = bounded ? programs.map((program) => withBounds(random, program)) : programs;
    this.witness = new FlowWitness({
      time: this.#time,
      leases: this.#codeWitness.leases,
      violation: (what) => this.#codeWitness.violation(what),
    });
  }

  engineOf(process: SimulatedProcess, world: PawlWorld): WorldEngine {
    const ask = (question: Question) => this.#questions.push(question);
    return new WorldEngine(world, {
      handlers: simulatedHandlers({ process, time: this.#time, witness: this.witness, ask }),
      flows: [flowOf({ flowId: childFlowId, parts: childParts }), ...this.#programs.map(flowOf)],
      sandbox: noSandbox,
    });
  }

  /** Some drive an execution themselves, beside the workers: as `engine.run` does for whoever awaits it. */
  async drive(engine: WorldEngine, launch: number): Promise<void> {
    const program = this.#programs[launch % this.#programs.length];
    if (program?.executionId === undefined) return;
    for (let tries = 0; tries < 5; tries += 1) {
      await this.#time.sleep(600);
      // It has another driver, is not there yet, or the database is away.
      await engine.run(program.executionId).catch(() => undefined);
    }
  }

  async use(engine: WorldEngine): Promise<readonly Used[]> {
    const place = {
      engine,
      time: this.#time,
      witness: this.witness,
      logs: this.#codeWitness,
      violation: (what: string) => this.#codeWitness.violation(what),
      questions: this.#questions,
      triesAgain: this.#triesAgain,
    };
    return (await Promise.all(this.#programs.map((program) => useExecution(place, program)))).flat();
  }

  /** What must hold once everything is over. */
  async check(world: PawlWorld, used: Used): Promise<void> {
    const { program, id, execution, cancelled, answered, retryOf } = used;
    const tell = (problem: string) => this.#codeWitness.violation(`${id}: ${problem}`);
    if (cancelled && execution.status !== 'cancelled') tell(`it is ${execution.status}, and its cancellation was acknowledged`);
    for (const problem of cancellationProblems(used, this.witness)) tell(problem);
    if (execution.metadata?.['retryOf'] !== retryOf?.id) tell(`it says that it tries ${String(execution.metadata?.['retryOf'])} again`);
    const isOfACall = (nonce: number) => [...this.witness.executions].some((any) => this.witness.hasNonce(any, nonce));
    if (execution.status !== 'cancelled') for (const problem of problemsOf(program, execution, { isOfACall })) tell(problem);
    const log = await readLog(world, id);
    this.#codeWitness.sawLog(id, log);
    for (const broken of brokenLogRules(log)) tell(broken);
    const [projected, stored] = [canonicalJson(projectLog(log)), canonicalJson(await readEntities(world, id))];
    if (projected !== stored) tell(`its log says ${projected}, its rows ${stored}`);
    for (const token of answered) {
      const received = log.filter((event) => event.eventType === 'hook_received' && dataOf(event)?.['token'] === token);
      if (received.length !== 1) tell(`a resume that was acknowledged is in its log ${received.length} times`);
    }
  }

  clockJumped(byMs: number): void {
    this.witness.clockJumped(byMs);
  }

  reportStuck(): void {
    for (const id of this.witness.executions) if (!this.witness.isOver(id)) this.#codeWitness.violation(`${id} is stuck`);
  }
}

function cancellationProblems({ program, execution, undone, id }: Used, witness: FlowWitness): string[] {
  const { cancellation } = execution;
  if (execution.status !== 'cancelled') return undone.length > 0 ? [`it is ${execution.status}, and undone`] : [];
  const problems: string[] = [];
  const allowed = { user: program.cancelledAtMs !== undefined, timeout: program.timeoutMs !== undefined };
  const source = cancellation?.source as keyof typeof allowed;
  if (!allowed[source]) problems.push(`it is cancelled by ${source}, which nobody asked for`);
  const ms = witness.lifetimeOf(id, program.startsAtMs);
  if (source === 'timeout' && ms < Number(program.timeoutMs) - 1_000) problems.push(`its time was up after ${ms} ms`);
  const wanted = program.undoes && !witness.endedBeforeItBegan(id) ? 1 : 0;
  if (undone.length !== wanted) problems.push(`it is undone ${undone.length} times, not ${wanted}`);
  for (const { id: child, status, context, metadata } of undone) {
    const whole = status === 'completed' && Object.hasOwn(context, undoStepId) && metadata?.['compensates'] === id;
    const told = JSON.stringify(context['cancellation']) === JSON.stringify(cancellation);
    if (!whole || !told) problems.push(`${child}, which undoes it, is ${status} with ${JSON.stringify({ context, metadata })}`);
  }
  return problems;
}

/** Threads of its own would not be the seed's; no simulated flow has an expression. */
const noSandbox: Sandbox = {
  evaluate: () => Promise.reject(new Error('No simulated flow has an expression.')),
  validate: () => Promise.reject(new Error('No simulated flow has a schema.')),
  close: async () => {},
};
