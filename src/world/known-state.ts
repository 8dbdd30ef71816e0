import type { Delivery } from './delivery.ts';
import type { State } from './port.ts';
import type { EventRequest } from './rules/request.ts';

/**
 * What a rule needs, from what the delivery that writes has seen already; undefined where that does not suffice. It may be out of date: a
 * commit under its guards then loses, and an error decided on it is not believed, before the store itself was asked.
 */
export function knownState({ type, correlationId }: EventRequest, delivery: Delivery): State | undefined {
  const { run, step } = delivery;
  if (!run) return undefined;
  switch (type) {
    case 'run_started':
      return delivery.of === 'run' && !delivery.waitsDue ? { run, openWaits: [] } : undefined;
    case 'run_completed':
    case 'run_failed':
      return { run };
    case 'step_created':
      return delivery.of === 'run' && !delivery.knownSteps.has(correlationId) ? { run, step: undefined } : undefined;
    case 'step_started':
    case 'step_completed':
    case 'step_failed':
    case 'step_retrying':
      return step?.stepId === correlationId ? { run, step } : undefined;
    case 'wait_created':
      return { run, wait: undefined };
    case 'hook_created':
      return { run, hook: undefined, tokenHolder: undefined };
    default:
      return undefined;
  }
}
