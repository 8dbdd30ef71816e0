import { describeError } from '../../base/logger.ts';
import type { ExecutionCommit } from '../execution-index.ts';
import type { ExecutionFact } from '../facts.ts';
import type { Execution, StepEvent } from '../types.ts';
import type { EngineCore } from './core.ts';

/** The ten events of the seed page, from what was committed (decisions C8). */
export function emitFacts(core: EngineCore, { execution, facts, spawn }: ExecutionCommit): void {
  for (const child of spawn) {
    if (child.kind === 'flow') emit(core, 'execution:created', child.execution);
  }
  for (const fact of facts) emitFact(core, execution, fact);
}

function emitFact(core: EngineCore, execution: Execution, fact: ExecutionFact): void {
  switch (fact.type) {
    case 'created':
    case 'started':
    case 'waiting':
    case 'resumed':
    case 'completed':
    case 'failed':
    case 'cancelled':
      return emit(core, `execution:${fact.type}`, execution);
    case 'step-started':
      return emit(core, 'step:started', stepEvent(execution, fact, { input: fact.input }));
    case 'step-completed': {
      const { input, output, duration } = fact;
      return emit(core, 'step:completed', stepEvent(execution, fact, { input, output, duration }));
    }
    case 'step-failed': {
      const { input, error, duration } = fact;
      return emit(core, 'step:failed', stepEvent(execution, fact, { input, error, duration }));
    }
    case 'step-continued':
      return;
  }
}

type StepFacts = Extract<ExecutionFact, { readonly stepId: string }>;

function stepEvent(execution: Execution, fact: StepFacts, more: Pick<StepEvent, 'input' | 'output' | 'error' | 'duration'>): StepEvent {
  const { stepId, stepType: type, attempt, at } = fact;
  const { id: executionId, flowId, flowVersion } = execution;
  const event: StepEvent = { executionId, flowId, flowVersion, stepId, type, attempt, at };
  if (more.input !== undefined) event.input = more.input;
  if (more.output !== undefined) event.output = more.output;
  if (more.error !== undefined) event.error = more.error;
  if (more.duration !== undefined) event.duration = more.duration;
  return Object.freeze(event);
}

/** A bus of the user's may itself throw; the work goes on (rule 8). */
function emit(core: EngineCore, event: string, data: unknown): void {
  try {
    core.events.emit(event, data);
  } catch (error) {
    core.logger.error(`The event bus failed on "${event}": ${describeError(error)}`, { event });
  }
}
