import type { WorldEngine } from '../../../src/connect/open-engine.ts';
import { FlowError } from '../../../src/flow/errors.ts';
import { hashToken } from '../../../src/flow/token.ts';
import type { Execution } from '../../../src/flow/types.ts';
import { readLog } from '../../../src/testing/read-log.ts';
import { persist } from '../persist.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Witness } from '../witness.ts';
import type { Question } from './handlers.ts';
import { againOf, type FlowProgram } from './program.ts';
import type { FlowWitness } from './witness.ts';

export interface ClientPlace {
  readonly engine: WorldEngine;
  readonly time: VirtualTime;
  readonly witness: FlowWitness;
  /** Holds what is read of a log against what was read before. */
  readonly logs: Pick<Witness, 'sawLog'>;
  readonly violation: (what: string) => void;
  /** All that were asked so far. */
  readonly questions: readonly Question[];
  /** Whether what did not complete is tried again. */
  readonly triesAgain: boolean;
}

// More than all steps, retries and delays of a program take, with every fault, and with clocks that were set back three times.
const longestMs = 600_000;

/** What somebody outside knows of an execution once it is over. */
export interface Used {
  readonly program: FlowProgram;
  readonly id: string;
  readonly execution: Execution;
  /** Whether a cancellation was acknowledged. */
  readonly cancelled: boolean;
  /** Hashes of the tokens whose use was acknowledged. */
  readonly answered: readonly string[];
  /** What undid it, once that was over. */
  readonly undone: readonly Execution[];
  /** What it tries again, as that was when it had ended. */
  readonly retryOf: Execution | undefined;
}

/** Starts an execution, sees it through, and maybe tries it again. */
export async function useExecution(place: ClientPlace, program: FlowProgram): Promise<Used[]> {
  const { time, engine, triesAgain } = place;
  await time.sleep(program.startsAtMs);
  await persist(place, () => engine.flows.flush());
  const used = await seeThrough(place, program, await start(place, program));
  if (!triesAgain || used.execution.status === 'completed') return [used];
  const executionId = againOf(used.id);
  await createOnce(place, () => engine.retry(used.id, { executionId }));
  // Nobody cancels that one, and it may take as long as it wants.
  return [used, await seeThrough(place, { ...program, cancelledAtMs: undefined, timeoutMs: undefined }, executionId, used.execution)];
}

/** Answers what an execution asks, maybe cancels it, and watches it until it is over. */
async function seeThrough(place: ClientPlace, program: FlowProgram, id: string, retryOf?: Execution): Promise<Used> {
  const { time, engine } = place;
  const answered: string[] = [];
  const [cancelled] = await Promise.all([
    cancel(place, program, id),
    answerQuestions(place, program, { id, answered }),
    signal(place, program, id),
    watch(place, id),
  ]);
  const execution = await persist(place, () => engine.waitFor(id));
  const undone = await Promise.all(place.witness.undoing(id).map((child) => persist(place, () => engine.waitFor(child))));
  if (time.now > longestMs) place.violation(`${id} was not over before ${Math.round(time.now / 1_000)} s`);
  return { program, id, execution, cancelled, answered, undone, retryOf };
}

async function start(place: ClientPlace, program: FlowProgram): Promise<string> {
  const { engine, violation } = place;
  const { flowId, executionId, timeoutMs } = program;
  const bounds = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  if (executionId === undefined) {
    const create = () => persist(place, () => engine.create(flowId, { given: flowId }, { ...bounds, idempotencyKey: `key of ${flowId}` }));
    const [one, other] = await Promise.all([create(), create()]);
    if (one.execution.id !== other.execution.id || (one.created && other.created))
      violation(`one idempotency key of ${flowId} made ${one.execution.id} and ${other.execution.id}`);
    return one.execution.id;
  }
  await createOnce(place, () => engine.create(flowId, { given: flowId }, { ...bounds, executionId }));
  return executionId;
}

/** Under an id of its own an execution is made once, however often it is asked for. */
async function createOnce(place: ClientPlace, create: () => Promise<unknown>): Promise<void> {
  let unknown = false;
  await persist(place, async () => {
    try {
      await create();
    } catch (error) {
      // It is there from the time before, whose answer got lost.
      if (!(unknown && FlowError.is(error, 'EXECUTION_CONFLICT'))) {
        unknown = true;
        throw error;
      }
    }
  });
}

async function cancel({ time, ...place }: ClientPlace, { cancelledAtMs, startsAtMs }: FlowProgram, id: string): Promise<boolean> {
  if (cancelledAtMs === undefined) return false;
  await time.sleep(cancelledAtMs - startsAtMs);
  const { cancelled } = await persist({ time }, () => place.engine.cancel(id, { source: 'user' }));
  return cancelled;
}

async function answerQuestions(
  place: ClientPlace,
  program: FlowProgram,
  { id, answered }: { readonly id: string; readonly answered: string[] },
): Promise<void> {
  const { time, witness, questions } = place;
  const answering: Promise<void>[] = [];
  for (let next = 0; ; next += 1) {
    while (next >= questions.length && !witness.isOver(id)) await time.sleep(20);
    const question = questions[next];
    if (!question) break;
    if (question.executionId === id) answering.push(answer(place, program, { question, answered }));
  }
  await Promise.all(answering);
}

async function answer(
  place: ClientPlace,
  { parts }: FlowProgram,
  { question, answered }: { readonly question: Question; readonly answered: string[] },
): Promise<void> {
  const { engine, time, witness, violation } = place;
  const { token, executionId, stepId } = question;
  const part = parts.find(({ id }) => id === stepId);
  if (part?.kind === 'ask') await time.sleep(part.answeredAfterMs);
  let unknown = false;
  const use = async (): Promise<'used' | 'refused'> =>
    persist(place, async () => {
      try {
        await engine.resume({ token }, { answerTo: stepId, token: hashToken(token) });
        return 'used';
      } catch (error) {
        if (FlowError.is(error, 'INVALID_RESUME_TOKEN')) return 'refused';
        unknown = true;
        throw error;
      }
    });
  const all = await Promise.all([use(), use(), use()]);
  const used = all.filter((end) => end === 'used').length;
  if (used > 0) answered.push(hashToken(token));
  if (used > 1) violation(`a token of ${stepId} of ${executionId} was used ${used} times`);
  if (used === 0 && !unknown && !witness.isOver(executionId))
    violation(`a token of ${stepId} of ${executionId} was refused though nobody had used it`);
}

/** Resumes by the execution's id, where that is what it waits for. */
async function signal(place: ClientPlace, { parts }: FlowProgram, id: string): Promise<void> {
  const { engine, time, witness } = place;
  const signals = parts.filter(({ kind }) => kind === 'signal').map((part) => part.id);
  while (signals.length > 0 && !witness.isOver(id)) {
    await persist(place, async () => {
      // Asked again each time: a resume whose answer got lost was a resume.
      const { status, currentStepId } = await engine.get(id);
      if (status !== 'waiting' || !signals.includes(currentStepId ?? '')) return;
      try {
        await engine.resume(id, { signalTo: currentStepId });
      } catch (error) {
        if (!FlowError.is(error, 'EXECUTION_NOT_WAITING')) throw error;
      }
    });
    await time.sleep(150);
  }
}

/** Whatever is read is no older than what was read before, and goes on from it. */
async function watch(place: ClientPlace, id: string): Promise<void> {
  const { engine, time, witness, logs, violation } = place;
  let before: Execution | undefined;
  while (!witness.isOver(id)) {
    const execution = await persist(place, () => engine.get(id));
    if (before && execution.revision < before.revision)
      violation(`${id} went back from revision ${before.revision} to ${execution.revision}`);
    if (before && !isPrefix(before.history, execution.history)) violation(`the history of ${id} is not what it was`);
    before = execution;
    logs.sawLog(id, await persist(place, () => readLog(engine.world, id)));
    await time.sleep(400);
  }
}

function isPrefix(earlier: readonly unknown[], later: readonly unknown[]): boolean {
  return earlier.every((entry, index) => JSON.stringify(entry) === JSON.stringify(later[index]));
}
