import type { Execution } from '../types.ts';
import { triggerIdsOf } from './trigger-ids.ts';
import type { EventTrigger } from './types.ts';

/** An execution at the moment of an event: the parts that mean something outside it, and the commit in which it was: none has two of an event. */
export type SeenExecution = Pick<
  Execution,
  'id' | 'flowId' | 'flowVersion' | 'tenantId' | 'status' | 'context' | 'output' | 'error' | 'cancellation' | 'metadata' | 'revision'
>;

export interface HeardEvent {
  readonly event: string;
  readonly execution: SeenExecution;
}

/** What an event trigger sees. */
export function eventSeen({ event, execution }: HeardEvent): Readonly<Record<string, unknown>> {
  const { revision: _, ...parts } = seenParts(execution);
  return { event, execution: Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) };
}

/** The execution of this moment, for a trigger that hears of it later. */
export function encodeSeen(execution: Execution): string {
  return JSON.stringify(seenParts(execution));
}

export function decodeSeen(seen: string): SeenExecution {
  return JSON.parse(seen) as SeenExecution;
}

function seenParts(execution: SeenExecution) {
  const { id, flowId, flowVersion, tenantId, status, context, output, error, cancellation, metadata, revision } = execution;
  return { id, flowId, flowVersion, tenantId, status, context, output, error, cancellation, metadata, revision };
}

/** Whether an event is one that the trigger hears of, its condition apart. One of an execution that it led to never is: it would not end. */
export function hearsOf(trigger: EventTrigger, { event, execution }: HeardEvent): boolean {
  if (trigger.enabled === false || trigger.event !== event) return false;
  if (trigger.sourceFlowId !== undefined && trigger.sourceFlowId !== execution.flowId) return false;
  if (trigger.tenantId !== undefined && trigger.tenantId !== execution.tenantId) return false;
  return !triggerIdsOf(execution).includes(trigger.id);
}

/** What the trigger fires once for: the event, the execution, and the commit in which it was. */
export function nameOfEvent({ event, execution }: HeardEvent): string {
  return `${event}:${execution.id}:${execution.revision}`;
}
