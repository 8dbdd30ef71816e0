import { applyWrites, type Context, type ContextWrite } from '../context.ts';
import { newExecution } from '../decide/create.ts';
import { outputWrites } from '../decide/step-parts.ts';
import { isTerminal, unchanged } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import { seal } from '../seal.ts';
import type { Execution, Flow, StepHistoryEntry } from '../types.ts';
import { commitTransition } from './commit.ts';
import type { EngineCore } from './core.ts';
import { stepOf } from './flow-source.ts';
import { readExecution } from './read.ts';
import type { CreateResult } from './create.ts';

export interface RetryOptions {
  /** Where the new execution begins; default: the step the old one ended at, else the initial one. */
  readonly fromStepId?: string;
  /** Default a fresh one. One that is in use is EXECUTION_CONFLICT: so whoever tries again under the same id does it once. */
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
    id: executionId ?? core.ids.execution(now),
    flow,
    context: contextBefore(execution, flow, { from, prefix }),
    input: execution.input ?? execution.context,
    history: prefix,
    now,
    tenantId: execution.tenantId,
    fromStepId: from,
    startStepId: execution.startStepId,
    metadata: seal({ ...execution.metadata, retryOf: id }, { what: 'metadata' }),
  });
  const transition = { ...unchanged(again), tail: prefix, facts: [{ type: 'created' as const, at: now }] };
  return { execution: await commitTransition(core, transition, {}), created: true };
}

/** What was done before the step was last entered. */
function prefixBefore({ history }: Execution, stepId: string): readonly StepHistoryEntry[] {
  const last = history.findLast((entry) => entry.stepId === stepId);
  if (!last) return history;
  return history.slice(
    0,
    history.findIndex((entry) => entry.stepId === stepId && entry.visit === last.visit),
  );
}

/**
 * The context as the step found it. Where the execution ended it is still there; for an earlier step it is built
 * again from the input and the outputs up to it. Data of resumes is not part of the history: it stays as it is.
 */
function contextBefore(
  execution: Execution,
  flow: Flow,
  { from, prefix }: { readonly from: string; readonly prefix: readonly StepHistoryEntry[] },
): Context {
  if (from === execution.currentStepId) return execution.context;
  const kept = ['resumeData', 'resumedBy'].filter((key) => Object.hasOwn(execution.context, key));
  const resumes: ContextWrite[] = kept.map((key) => ({ path: [key], value: execution.context[key] }));
  const outputs = prefix.flatMap(({ stepId, status, output }) => {
    const step = flow.steps[stepId];
    return step && status !== 'failure' ? outputWrites(step, output) : [];
  });
  return applyWrites(execution.input ?? {}, [...outputs, ...resumes]);
}
