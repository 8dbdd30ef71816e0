import { applyWrites, type Context, type ContextWrite } from '../context.ts';
import { newExecution } from '../decide/create.ts';
import { errorWrite, outputWrites } from '../decide/step-parts.ts';
import { isTerminal, unchanged } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import { visitsOf } from '../execution-record.ts';
import { seal } from '../seal.ts';
import type { Execution, Flow, StepHistoryEntry } from '../types.ts';
import { commitTransition } from './commit.ts';
import type { EngineCore } from './core.ts';
import { stepOf } from './flow-source.ts';
import { readExecution } from './read.ts';
import { expectId, type CreateResult } from './create.ts';

export interface RetryOptions {
  /** Where the new execution begins; default: the step the old one ended at, else the initial one. */
  readonly fromStepId?: string;
  /**
   * As for `create`: `[A-Za-z0-9_-]`, up to 128 characters; default a fresh one. One that is in use is EXECUTION_CONFLICT: so whoever tries
   * again under the same id does it once.
   */
  readonly executionId?: string;
}

/** See `Engine.retry`. */
export async function retryExecution(core: EngineCore, id: string, { fromStepId, executionId }: RetryOptions = {}): Promise<CreateResult> {
  const execution = await readExecution(core, id);
  if (!isTerminal(execution)) {
    throw new FlowError('EXECUTION_CONFLICT', `Execution ${id} is ${execution.status}; only one that has ended can be tried again.`);
  }
  const flow = await core.flows.of(execution);
  const from = stepOf(flow, fromStepId ?? execution.currentStepId ?? flow.initialStepId).id;
  const prefix = prefixBefore(execution, from);
  const now = core.clock.now();
  const again = newExecution({
    id: executionId === undefined ? core.ids.execution(now) : expectId(executionId),
    flow,
    context: contextBefore(execution, flow, { from, prefix }),
    input: execution.input ?? execution.context,
    history: prefix,
    // Counted on, so that a retry of this one tells its visits from those of the prefix.
    visits: visitsIn(prefix),
    now,
    tenantId: execution.tenantId,
    fromStepId: from,
    startStepId: execution.startStepId,
    metadata: seal({ ...execution.metadata, retryOf: id }, { what: 'metadata' }),
  });
  const transition = { ...unchanged(again), tail: prefix, facts: [{ type: 'created' as const, at: now }] };
  return { execution: await commitTransition(core, transition, {}), created: true };
}

/** What was done before the step was last entered, or was to be. */
function prefixBefore(execution: Execution, stepId: string): readonly StepHistoryEntry[] {
  const { history, currentStepId } = execution;
  const last = history.findLast((entry) => entry.stepId === stepId);
  if (!last) return history;
  // The last one that begins there: what older releases tried again counted its visits anew.
  const begins = history.findLastIndex((entry, index) => entry.stepId === stepId && isFirst(history, index));
  const end = history.at(-1);
  const isLeft = end?.stepId !== stepId || end.visit !== last.visit || end.status === 'success';
  // It ended on its way to the step, or in it before anything was recorded.
  const before = visitsOf(execution, stepId) > (last.visit ?? 1) || (stepId === currentStepId && isLeft);
  return before ? history : history.slice(0, begins);
}

function visitsIn(entries: readonly StepHistoryEntry[]): Record<string, number> {
  const visits: Record<string, number> = {};
  for (const { stepId, visit = 1 } of entries) visits[stepId] = Math.max(visits[stepId] ?? 0, visit);
  return visits;
}

/**
 * The context as the step found it. Where the execution ended it is still there; for an earlier step it is built
 * again from the input, and from the outputs and the errors that `onFailure` led on with. Data of resumes is not part of the
 * history: it stays as it is.
 */
function contextBefore(
  execution: Execution,
  flow: Flow,
  { from, prefix }: { readonly from: string; readonly prefix: readonly StepHistoryEntry[] },
): Context {
  if (from === execution.currentStepId) return execution.context;
  const kept = ['resumeData', 'resumedBy'].filter((key) => Object.hasOwn(execution.context, key));
  const resumes: ContextWrite[] = kept.map((key) => ({ path: [key], value: execution.context[key] }));
  const done = prefix.flatMap((entry, index) => {
    const step = flow.steps[entry.stepId];
    if (step && entry.status !== 'failure') return outputWrites(step, entry.output);
    return entry.error && isLast(prefix, index) ? [errorWrite(entry.error)] : [];
  });
  return applyWrites(execution.input ?? {}, [...done, ...resumes]);
}

/** Attempts of one visit follow each other: what comes after the last of them was led on to. */
function isLast(entries: readonly StepHistoryEntry[], index: number): boolean {
  return !isSameVisit(entries[index], entries[index + 1]);
}

function isFirst(entries: readonly StepHistoryEntry[], index: number): boolean {
  return !isSameVisit(entries[index], entries[index - 1]);
}

function isSameVisit(one: StepHistoryEntry | undefined, other: StepHistoryEntry | undefined): boolean {
  return one?.stepId === other?.stepId && one?.visit === other?.visit;
}
