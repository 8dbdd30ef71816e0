import type { Transition } from '../decide/transition.ts';
import type { ExecutionFact } from '../facts.ts';
import type { ExecutionStatus, StepResult } from '../types.ts';

/** What a commit says about steps, as `run` and `step` report it. */
export function stepResultsOf({ execution, facts }: Transition): StepResult[] {
  return facts.flatMap((fact) => stepResult(fact, execution.status));
}

function stepResult(fact: ExecutionFact, executionStatus: ExecutionStatus): StepResult[] {
  switch (fact.type) {
    case 'step-completed': {
      const { stepId, attempt, output } = fact;
      return [{ stepId, attempt, status: 'success', executionStatus, ...(output === undefined ? {} : { output }) }];
    }
    case 'step-failed': {
      const { stepId, attempt, error, retryAt } = fact;
      if (retryAt === undefined) return [{ stepId, attempt, status: 'failure', error, executionStatus }];
      return [{ stepId, attempt, status: 'retry', error, retryAt, executionStatus }];
    }
    case 'waiting':
      return [{ stepId: fact.stepId, attempt: fact.attempt, status: 'wait', executionStatus }];
    default:
      return [];
  }
}
