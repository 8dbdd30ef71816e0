import { groupOf } from '../children.ts';
import { attemptOf, callBack, continueStep, enterStep, retryStep } from '../decide/begin.ts';
import { nextAct } from '../decide/due.ts';
import { cancelExecution, completeExecution, failExecution } from '../decide/end.ts';
import { resumeExecution } from '../decide/resume.ts';
import { settleAttempt } from '../decide/settle.ts';
import type { Settle } from '../decide/step-parts.ts';
import { unchanged, type Transition } from '../decide/transition.ts';
import { checksItself, parse } from '../define-handler.ts';
import { FlowError, toExecutionError } from '../errors.ts';
import { lastEntry } from '../execution-record.ts';
import { resolveSelector } from '../selectors.ts';
import type { Execution, Flow, HandlerResult, Resumption, Step, StepHandler } from '../types.ts';
import { compensationOf } from './compensation.ts';
import type { EngineCore } from './core.ts';
import { stepOf } from './flow-source.ts';
import { seal } from '../seal.ts';

/** What to commit before the next handler call, and that call. */
export interface Begun {
  readonly transition: Transition;
  readonly call?: HandlerCall;
  /** There is more to begin: this commit ended a step before its handler was reached. */
  readonly again?: boolean;
  /** Nothing to do before this instant. */
  readonly retryAt?: number;
  /** The type of the handler that is not here, if the execution is to be left to a worker that has it. */
  readonly undeliverable?: string;
}

/** What becomes of a step whose handler is not here: it fails, or another worker gets it (decisions B1). */
export type MissingHandler = 'fail' | 'leave';

export interface HandlerCall {
  readonly step: Step;
  readonly handler: StepHandler;
  readonly resumed?: Resumption;
  /** The children that had ended, where that is why it is called. */
  readonly finished?: number;
}

export interface Holder {
  readonly missing: MissingHandler;
  /** Of its claim. */
  readonly epoch: number;
}

/** Decides what a worker that holds the execution does next. Changes nothing itself. */
export async function beginNext(core: EngineCore, flow: Flow, execution: Execution, holder: Holder): Promise<Begun> {
  const now = core.clock.now();
  const act = nextAct(execution, now);
  switch (act.type) {
    case 'none':
      return { transition: unchanged(execution) };
    case 'retry-later':
      return { transition: unchanged(execution), retryAt: act.retryAt };
    case 'expire':
      return { transition: await expire(core, flow, execution, now) };
    case 'finish':
      return { transition: await finish(core, flow, execution, now) };
    case 'wake':
      return { transition: wake(core, flow, execution, now), again: true };
    case 'join':
      return join({ core, flow, execution, now, ...holder });
    default:
      return beginStep({ core, flow, execution, now, ...holder }, act);
  }
}

interface Scope extends Holder {
  readonly core: EngineCore;
  readonly flow: Flow;
  readonly execution: Execution;
  readonly now: number;
}

type StepAct = Extract<ReturnType<typeof nextAct>, { readonly stepId: string }>;

async function beginStep(scope: Scope, act: StepAct): Promise<Begun> {
  const { core, flow, execution, now } = scope;
  const step = stepOf(flow, act.stepId);
  const handler = core.handlers.get(step.type);
  if (!handler && scope.missing === 'leave') return leave(execution, step);
  // A retry and a redelivery go on with a step that was counted when it began.
  const counts = act.type === 'enter' || (act.type === 'continue' && !act.redelivery);
  const tooMany = counts ? stepsExceeded(core, execution, step) : undefined;
  if (tooMany) return { transition: failExecution(unchanged(execution), tooMany, now) };
  const begun = await begin(scope, step, act);
  const problem = begun.problem ?? cannotDeliver(core, begun.transition.execution) ?? (handler ? undefined : noHandler(step));
  if (handler && problem === undefined) {
    const resumed = resumptionOf(begun.transition.execution);
    return { transition: begun.transition, call: { step, handler, ...(resumed ? { resumed } : {}) } };
  }
  return { transition: failBegun(scope, step, begun.transition, problem), again: true };
}

/** The step as begun, and why its handler cannot be called, if so. */
async function begin(scope: Scope, step: Step, act: StepAct): Promise<{ transition: Transition; problem?: unknown }> {
  const { execution, now } = scope;
  if (act.type === 'retry') return { transition: retryStep({ execution, step, now }) };
  const redelivery = act.type === 'continue' && act.redelivery;
  const resolved = redelivery ? { input: attemptOf(execution).input } : await resolveInput(scope, step);
  const given = { execution, step, now, input: resolved.input };
  const transition = act.type === 'enter' ? enterStep(given) : continueStep({ ...given, redelivery });
  return { transition, ...('problem' in resolved ? { problem: resolved.problem } : {}) };
}

async function resolveInput({ core, execution, now }: Scope, step: Step): Promise<{ input?: unknown; problem?: unknown }> {
  try {
    return {
      input: await resolveSelector(step.input, execution.context, { sandbox: core.sandbox, limits: core.limits, now }),
    };
  } catch (problem) {
    return { problem };
  }
}

/** The step began and failed in one: its attempt is in the history like any other. */
function failBegun(scope: Scope, step: Step, begun: Transition, problem: unknown): Transition {
  const error = { ...toExecutionError(problem, step.id), retryable: false };
  const settled = settleAttempt(
    { ...settleGiven(scope.core, scope.flow, step), execution: begun.execution, now: scope.now },
    { result: { type: 'failure', error }, spawn: [] },
  );
  return chain(begun, settled);
}

/** `later` was decided on the state that `earlier` leads to. */
export function chain(earlier: Transition, later: Transition): Transition {
  return {
    ...earlier,
    ...later,
    writes: [...earlier.writes, ...later.writes],
    tail: [...earlier.tail, ...later.tail],
    facts: [...earlier.facts, ...later.facts],
    spawn: [...earlier.spawn, ...later.spawn],
  };
}

export function settleGiven(core: EngineCore, flow: Flow, step: Step): Omit<Settle, 'execution' | 'now'> {
  const retries = step.retries ?? core.handlers.get(step.type)?.metadata?.defaultRetries;
  return { flow, step, limits: core.limits, retries, random: core.random };
}

function stepsExceeded(core: EngineCore, { stepCount, id }: Execution, step: Step) {
  if (stepCount < core.maxSteps) return undefined;
  const message = `Execution ${id} took ${stepCount} steps without ending and stops before "${step.id}"; raise maxSteps if it should go on.`;
  return toExecutionError(new FlowError('MAX_STEPS', message, { details: { maxSteps: core.maxSteps } }), step.id);
}

function cannotDeliver(core: EngineCore, execution: Execution): FlowError | undefined {
  const { deliveries, stepId } = attemptOf(execution);
  if (deliveries <= core.maxDeliveries) return undefined;
  const message = `Step "${stepId}" was begun ${deliveries - 1} times and never answered: its worker died each time.`;
  return new FlowError('MAX_DELIVERIES', message, { details: { maxDeliveries: core.maxDeliveries } });
}

function leave(execution: Execution, { type }: Step): Begun {
  return { transition: unchanged(execution), undeliverable: type };
}

function noHandler(step: Step): FlowError {
  return new FlowError('HANDLER_NOT_FOUND', `There is no handler "${step.type}" for step "${step.id}"; register it.`);
}

function resumptionOf({ attempt, context }: Execution): Resumption | undefined {
  if (attempt?.resumedBy === undefined) return undefined;
  if (attempt.resumedBy === 'timer') return { by: 'timer' };
  return Object.hasOwn(context, 'resumeData') ? { by: 'resume', data: context.resumeData } : { by: 'resume' };
}

function wake(core: EngineCore, flow: Flow, execution: Execution, now: number): Transition {
  const step = stepOf(flow, attemptOf(execution).stepId);
  return resumeExecution(unchanged(execution), { flow, step, now, limits: core.limits, by: 'timer' });
}

async function join(scope: Scope): Promise<Begun> {
  const { core, flow, execution, epoch, missing } = scope;
  const { finished } = await core.index.tally(execution.id, execution.join?.group ?? groupOf(attemptOf(execution)));
  if (finished < (execution.join?.wakeWhen ?? 0)) return { transition: unchanged(execution) };
  const step = stepOf(flow, attemptOf(execution).stepId);
  const handler = core.handlers.get(step.type);
  if (!handler && missing === 'leave') return leave(execution, step);
  const begun = callBack(execution, epoch);
  // Another claim may have come between only to look: too many are no more than the calls that were counted.
  const tooMany = execution.join?.counted ? cannotDeliver(core, begun.execution) : undefined;
  const problem = handler ? tooMany : noHandler(step);
  if (handler && !problem) return { transition: begun, call: { step, handler, resumed: { by: 'children' }, finished } };
  return { transition: failBegun(scope, step, begun, problem), again: true };
}

async function expire(core: EngineCore, flow: Flow, execution: Execution, now: number): Promise<Transition> {
  const reason = `it did not end in the ${(execution.deadlineAt ?? now) - execution.createdAt} ms it was given`;
  const cancellation = Object.freeze({ source: 'timeout' as const, reason, cancelledAt: now });
  return cancelExecution(unchanged(execution), cancellation, compensationOf(core, flow, execution, cancellation));
}

async function finish(core: EngineCore, flow: Flow, execution: Execution, now: number): Promise<Transition> {
  try {
    const output = await outputOf(core, flow, execution, now);
    return completeExecution(unchanged(execution), output, now);
  } catch (problem) {
    const { stepId: _, ...error } = toExecutionError(problem, '');
    return failExecution(unchanged(execution), seal(error, { what: 'error' }), now);
  }
}

/** A branch, an item or a compensation gives what its last step gave; a whole flow what its `output` selects. */
async function outputOf(core: EngineCore, flow: Flow, execution: Execution, now: number): Promise<unknown> {
  if (execution.startStepId !== undefined) return lastEntry(execution, ({ status }) => status === 'success')?.output;
  if (flow.output === undefined) return execution.context;
  return resolveSelector(flow.output, execution.context, { sandbox: core.sandbox, limits: core.limits, now });
}

/** Whether the two below have anything to check. */
export function hasChecks({ handler }: HandlerCall): boolean {
  const { configSchema, inputSchema, outputSchema } = handler.metadata ?? {};
  return (configSchema ?? inputSchema ?? outputSchema) !== undefined && !checksItself(handler);
}

/** Checks by a handler's metadata what the handler does not check itself. Throws INVALID_INPUT. */
export async function checkCall({ step, handler }: HandlerCall, input: unknown): Promise<void> {
  if (checksItself(handler)) return;
  const { configSchema, inputSchema } = handler.metadata ?? {};
  await parse(configSchema, step.config ?? {}, `config of step "${step.id}"`, 'INVALID_INPUT');
  await parse(inputSchema, input, `input of step "${step.id}"`, 'INVALID_INPUT');
}

/** The same for what it returns. Throws HANDLER_ERROR. */
export async function checkResult({ step, handler }: HandlerCall, result: HandlerResult): Promise<HandlerResult> {
  const outputSchema = handler.metadata?.outputSchema;
  if (outputSchema === undefined || result.type !== 'success' || checksItself(handler)) return result;
  return { ...result, output: await parse(outputSchema, result.output, `output of step "${step.id}"`, 'HANDLER_ERROR') };
}
