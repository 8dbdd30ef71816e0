import { drainStep } from '../decide/begin.ts';
import { cancelExecution } from '../decide/end.ts';
import { settleAttempt } from '../decide/settle.ts';
import { isTerminal, unchanged, type Transition } from '../decide/transition.ts';
import { toExecutionError } from '../errors.ts';
import type { ExecutionClaim, SpawnedChild } from '../execution-index.ts';
import type { CancellationInfo, Execution, Flow, HandlerResult, Step, StepResult } from '../types.ts';
import { beginNext, chain, settleGiven, type Begun, type HandlerCall, type MissingHandler } from './begin-next.ts';
import { compensationOf } from './compensation.ts';
import type { EngineCore } from './core.ts';
import { runAttempt, type AttemptOutcome } from './run-attempt.ts';
import { Session, Superseded } from './session.ts';
import { prepareChildren } from './spawn.ts';
import { isStoreFailure } from './store-failure.ts';
import { stepResultsOf } from './step-results.ts';

export interface DriveBounds {
  /** Handler calls before the drive yields. */
  readonly maxSteps?: number;
  /** Milliseconds of the monotonic clock before it yields. */
  readonly maxMs?: number;
  /** Called for a retry that is not due yet: true to try again (it waited), false to yield. */
  readonly awaitRetry?: (retryAt: number) => Promise<boolean>;
  /** Default: the step fails with HANDLER_NOT_FOUND. */
  readonly missingHandler?: MissingHandler;
}

export interface DriveOutcome {
  readonly execution: Execution;
  readonly stepResults: readonly StepResult[];
  /** The plain token of the wait it ended in, if this drive made it. */
  readonly token?: string;
  /** The type of a handler that only another worker has. */
  readonly undeliverable?: string;
  /** It stopped without having looked at what comes next: what woke the execution is still to be done. */
  readonly cutShort?: true;
}

interface Drive {
  readonly core: EngineCore;
  readonly session: Session;
  readonly flow: Flow;
  readonly missing: MissingHandler;
}

/** What the last handler call came to, still to be committed. */
interface Done {
  readonly call: HandlerCall;
  readonly outcome: AttemptOutcome;
}

/**
 * Runs step after step of a claimed execution, until it ends, waits, or a bound is reached. One commit per step: the
 * end of this one and the start of the next (flow.md §3).
 */
export async function drive(core: EngineCore, claim: ExecutionClaim, bounds: DriveBounds = {}): Promise<DriveOutcome> {
  const session = new Session(core, claim);
  const flow = await core.flows.of(claim.execution);
  const work: Drive = { core, session, flow, missing: bounds.missingHandler ?? 'fail' };
  if (claim.cancelRequested) await cancelFirst(work, claim.cancelRequested);
  return loop(work, bounds);
}

async function loop(work: Drive, bounds: DriveBounds): Promise<DriveOutcome> {
  const { core, session } = work;
  const { maxSteps = Number.POSITIVE_INFINITY, maxMs = Number.POSITIVE_INFINITY } = bounds;
  const startedAt = core.clock.monotonic();
  const stepResults: StepResult[] = [];
  let done: Done | undefined;
  let token: string | undefined;
  for (let calls = 0; ;) {
    const mayBegin = !core.shutdown.aborted && calls < maxSteps && core.clock.monotonic() - startedAt < maxMs;
    const begun = await commitNext(work, done, mayBegin);
    if (begun === 'superseded') return { execution: session.execution, stepResults };
    if (begun !== 'moved-on') {
      stepResults.push(...stepResultsOf(begun.transition));
      token = waitToken(done) ?? token;
    }
    done = undefined;
    if (begun === 'moved-on') continue;
    if (begun.call) {
      calls += 1;
      done = { call: begun.call, outcome: await runAttempt(core, session, begun.call) };
      if (done.outcome.type === 'interrupted') return { execution: await latest(work), stepResults, cutShort: true };
      if (done.outcome.type === 'drained') return { execution: await drain(work), stepResults, cutShort: true };
      continue;
    }
    // A step that failed before its handler was reached is a step too; a timer that went off is not.
    if (begun.again && begun.transition.tail.length > 0) calls += 1;
    const more = begun.again ?? (begun.retryAt !== undefined && (await bounds.awaitRetry?.(begun.retryAt)));
    if (more) continue;
    const execution = session.signal.aborted ? await latest(work) : session.execution;
    const { undeliverable } = begun;
    return {
      execution,
      stepResults,
      ...(token === undefined ? {} : { token }),
      ...(undeliverable === undefined ? {} : { undeliverable }),
      ...(mayBegin ? {} : { cutShort: true }),
    };
  }
}

/** One commit: what the last call came to and, if the bounds allow, what comes next. */
async function commitNext(work: Drive, done: Done | undefined, mayBegin: boolean): Promise<Begun | 'superseded' | 'moved-on'> {
  try {
    return await work.session.commit(async (execution) => {
      const settled = done ? await settle(work, execution, done) : unchanged(execution);
      const finishing = settled.execution.status === 'running' && settled.execution.currentStepId === null;
      if (!mayBegin && !finishing) return { transition: settled };
      const next = await beginNext(work.core, work.flow, settled.execution, { missing: work.missing, epoch: work.session.epoch });
      return { ...next, transition: chain(settled, next.transition) };
    });
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    return error.lost ? 'superseded' : 'moved-on';
  }
}

async function settle(work: Drive, execution: Execution, { call, outcome }: Done): Promise<Transition> {
  const { core, flow, session } = work;
  if (outcome.type === 'expired') return expired(work, execution);
  if (outcome.type !== 'result') return unchanged(execution);
  const { finished } = call;
  const given = { ...settleGiven(core, flow, call.step), execution, now: core.clock.now(), finished, epoch: session.epoch };
  const { result, spawn } = await withChildren(core, execution, outcome.result, call.step);
  return settleAttempt(given, { result, spawn });
}

function expired({ core, flow }: Drive, execution: Execution): Transition {
  const now = core.clock.now();
  const reason = `it did not end in the ${(execution.deadlineAt ?? now) - execution.createdAt} ms it was given`;
  const cancellation: CancellationInfo = Object.freeze({ source: 'timeout', reason, cancelledAt: now });
  return cancelExecution(unchanged(execution), cancellation, compensationOf(core, flow, execution, cancellation));
}

interface Prepared {
  readonly result: HandlerResult;
  readonly spawn: readonly SpawnedChild[];
}

async function withChildren(core: EngineCore, execution: Execution, result: HandlerResult, step: Step): Promise<Prepared> {
  if (result.type !== 'wait' || !result.spawn || result.spawn.length === 0) return { result, spawn: [] };
  try {
    return { result, spawn: await prepareChildren(core, execution, result.spawn) };
  } catch (error) {
    if (isStoreFailure(error)) throw error;
    return { result: { type: 'failure', error: { ...toExecutionError(error, step.id), retryable: false } }, spawn: [] };
  }
}

/** The parent ended or went on: so does this one, before anything else. */
async function cancelFirst({ core, session, flow }: Drive, cancellation: CancellationInfo): Promise<void> {
  try {
    await session.commit(async (execution) => {
      if (isTerminal(execution)) return { transition: unchanged(execution) };
      return {
        transition: cancelExecution(unchanged(execution), cancellation, compensationOf(core, flow, execution, cancellation)),
      };
    });
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
  }
}

async function drain({ session }: Drive): Promise<Execution> {
  try {
    await session.commit(async (execution) => ({ transition: drainStep(execution, session.epoch) }));
  } catch (error) {
    // What goes wrong here only costs a delivery: the lease ends, and another worker goes on.
    if (!(error instanceof Superseded)) return session.execution;
  }
  return session.execution;
}

async function latest({ core, session }: Drive): Promise<Execution> {
  return (await core.index.read(session.execution.id)) ?? session.execution;
}

function waitToken(done: Done | undefined): string | undefined {
  if (done?.outcome.type !== 'result' || done.outcome.result.type !== 'wait') return undefined;
  return done.outcome.result.token;
}
