import { fail, inSpan } from '../../base/tracing.ts';
import { sealOutput } from '../context.ts';
import { attemptOf, idempotencyKeyOf } from '../decide/begin.ts';
import { advance, unchanged } from '../decide/transition.ts';
import { FlowError, toExecutionError } from '../errors.ts';
import { createStamp } from '../stamp.ts';
import type { Checkpoint, HandlerParams, HandlerResult } from '../types.ts';
import { checkCall, checkResult, hasChecks, type HandlerCall } from './begin-next.ts';
import { childrenView } from './children-view.ts';
import type { EngineCore, RunningAttempt } from './core.ts';
import type { Session } from './session.ts';
import { askStore, isStoreFailure } from './store-failure.ts';
import { startTimer } from './timer.ts';

/** How a call of a handler ended. Everything but `result` discards what the handler may still return. */
export type AttemptOutcome =
  | { readonly type: 'result'; readonly result: HandlerResult }
  /** The execution's deadline passed. */
  | { readonly type: 'expired' }
  /** Cancelled here or elsewhere, or the lease is lost. */
  | { readonly type: 'interrupted' }
  /** The engine closes. */
  | { readonly type: 'drained' };

/**
 * Calls the handler and does not wait for it longer than it may take: on a time-out, a deadline, a cancellation or
 * shutdown the signal aborts and the answer is known at once, whatever the handler does (flow.md §2, timeout).
 */
export async function runAttempt(core: EngineCore, session: Session, call: HandlerCall): Promise<AttemptOutcome> {
  const { execution } = session;
  const abort = new LateAbort();
  let stop: (outcome: AttemptOutcome) => void = () => {};
  const stopped = new Promise<AttemptOutcome>((resolve) => {
    stop = resolve;
  });
  const first: { outcome?: AttemptOutcome } = {};
  const end = (outcome: AttemptOutcome, reason: Error) => {
    first.outcome ??= outcome;
    stop(outcome);
    abort.abort(reason);
  };
  const release = [
    startTimer(core.clock, timeoutOf(core, call), () => {
      const error = timeoutError(core, call);
      end({ type: 'result', result: { type: 'failure', error: toExecutionError(error, call.step.id) } }, error);
    }),
    ...(execution.deadlineAt === undefined
      ? []
      : [
          startTimer(core.clock, execution.deadlineAt - core.clock.now(), () =>
            end({ type: 'expired' }, aborted('the execution is overdue')),
          ),
        ]),
    session.onInterrupt(() => end({ type: 'interrupted' }, aborted('the execution ended or its lease was lost'))),
    registerRunning(core, execution.id, {
      cancel: () => end({ type: 'interrupted' }, aborted('the execution was cancelled')),
      drain: () => end({ type: 'drained' }, aborted('the engine closes')),
    }),
  ];
  const active = { current: true };
  try {
    // Whoever is told here what ends an attempt may be told at once.
    if (first.outcome) return first.outcome;
    return await Promise.race([stopped, callHandler(core, session, call, { abort, active })]);
  } finally {
    active.current = false;
    for (const undo of release) undo();
  }
}

interface Attempt {
  readonly abort: LateAbort;
  /** False once the attempt is over: a checkpoint that comes later must not touch what followed. */
  readonly active: { current: boolean };
}

/** A signal that is made when somebody asks for it: most handlers never do, and one costs more than all else around a call. */
class LateAbort {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}

async function callHandler(core: EngineCore, session: Session, call: HandlerCall, attempt: Attempt): Promise<AttemptOutcome> {
  const params = handlerParams(core, session, call, attempt);
  try {
    if (hasChecks(call)) await checkCall(call, params.input);
    const result = await inStepSpan(session, call, async () => expectResult(await call.handler.execute(params), call));
    return { type: 'result', result: hasChecks(call) ? await checkResult(call, result) : result };
  } catch (error) {
    if (isStoreFailure(error)) throw error;
    return { type: 'result', result: { type: 'failure', error: toExecutionError(error, call.step.id) } };
  }
}

function inStepSpan({ execution }: Session, { step, handler }: HandlerCall, execute: () => Promise<HandlerResult>): Promise<HandlerResult> {
  const describe = () => ({
    name: `pawl.step ${step.id}`,
    attributes: {
      'pawl.run_id': execution.id,
      'pawl.name': `${execution.flowId}@${execution.flowVersion}`,
      'pawl.step_id': step.id,
      'pawl.handler': handler.type,
      'pawl.attempt': attemptOf(execution).attempt,
    },
  });
  return inSpan(describe, async (span) => {
    const result = await execute();
    span?.setAttribute('pawl.outcome', result.type);
    if (span && result.type === 'failure') fail(span, `${result.error.code}: ${result.error.message}`);
    return result;
  });
}

function handlerParams(core: EngineCore, session: Session, { step, resumed }: HandlerCall, attempt: Attempt): HandlerParams {
  const { execution } = session;
  const current = attemptOf(execution);
  const params: Omit<HandlerParams, 'signal'> = {
    input: current.input,
    config: step.config ?? noConfig,
    context: execution.context,
    step,
    execution,
    attempt: current.attempt,
    idempotencyKey: idempotencyKeyOf(execution),
    tokens: core.handlerTokens,
    checkpoint: checkpointOf(core, session, attempt),
    async progress(percent, message) {
      const report = {
        executionId: execution.id,
        stepId: step.id,
        percent,
        ...(message === undefined ? {} : { message }),
      };
      if (core.progress) await askStore(core.progress(report));
    },
    logger: core.logger,
    clock: core.clock,
    children: childrenView(core, execution),
    evaluate: (expression, data) => core.sandbox.evaluate(expression, data, core.clock.now()),
    ...(resumed ? { resumed } : {}),
  };
  abortOf.put(params, attempt.abort);
  return Object.defineProperty(params, 'signal', lateSignal) as HandlerParams;
}

const abortOf = createStamp<LateAbort>();
// One function for all calls: an object with one of its own has no shape.
const lateSignal: PropertyDescriptor & ThisType<HandlerParams> = {
  enumerable: true,
  get() {
    return abortOf.of(this)?.signal;
  },
};

const noConfig: Record<string, unknown> = Object.freeze({});

function checkpointOf(core: EngineCore, session: Session, attempt: Attempt): Checkpoint {
  return {
    load: async <T>() => session.execution.checkpoint as T | undefined,
    async save(value) {
      const checkpoint = sealOutput(value, 'checkpoint', core.limits);
      const saved = session.commit(async (execution) => {
        if (!attempt.active.current) throw new FlowError('EXECUTION_CONFLICT', 'The attempt that saves this checkpoint is over.');
        return { transition: advance(unchanged(execution), { changes: { checkpoint } }) };
      });
      await askStore(saved);
    },
  };
}

function expectResult(result: unknown, { handler }: HandlerCall): HandlerResult {
  const type = typeof result === 'object' && result !== null ? (result as { type?: unknown }).type : undefined;
  if (type === 'success' || type === 'failure' || type === 'wait') return result as HandlerResult;
  throw new FlowError('HANDLER_ERROR', `Handler "${handler.type}" must return a Result, not ${typeof result}.`, {
    retryable: false,
  });
}

function timeoutOf(core: EngineCore, { step, handler }: HandlerCall): number {
  return step.timeout ?? handler.metadata?.defaultTimeout ?? core.defaultStepTimeout;
}

function timeoutError(core: EngineCore, call: HandlerCall): FlowError {
  const ms = timeoutOf(core, call);
  return new FlowError('TIMEOUT', `Step "${call.step.id}" did not answer within ${ms} ms.`, {
    details: { timeoutMs: ms },
  });
}

function aborted(why: string): Error {
  const error = new Error(`The step was aborted: ${why}.`);
  error.name = 'AbortError';
  return error;
}

function registerRunning(core: EngineCore, executionId: string, attempt: RunningAttempt): () => void {
  core.running.set(executionId, attempt);
  if (core.shutdown.aborted) attempt.drain();
  return () => {
    if (core.running.get(executionId) === attempt) core.running.delete(executionId);
  };
}
