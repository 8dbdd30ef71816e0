import type { Sandbox } from '../sandbox.ts';
import type { Execution } from '../types.ts';
import type { EventTrigger } from './types.ts';

/** An execution at the moment of an event: the parts that mean something outside it, and the commit in which it was: none has two of an event. */
export type SeenExecution = Pick<
  Execution,
  'id' | 'flowId' | 'flowVersion' | 'tenantId' | 'status' | 'context' | 'output' | 'error' | 'cancellation' | 'metadata' | 'revision'
>;

/** What an event trigger sees. */
export function eventSeen(event: string, execution: SeenExecution): Readonly<Record<string, unknown>> {
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

/** Whether an event starts an execution. One that was started by this trigger itself never does: it would not end. */
export async function matchesEvent(
  trigger: EventTrigger,
  { event, execution }: { readonly event: string; readonly execution: SeenExecution },
  { sandbox, now }: { readonly sandbox: Sandbox; readonly now: number },
): Promise<boolean> {
  if (trigger.enabled === false || trigger.event !== event) return false;
  if (trigger.sourceFlowId !== undefined && trigger.sourceFlowId !== execution.flowId) return false;
  if (trigger.tenantId !== undefined && trigger.tenantId !== execution.tenantId) return false;
  if (execution.metadata?.triggerId === trigger.id) return false;
  if (trigger.condition === undefined) return true;
  return (await sandbox.evaluate(`$boolean((${trigger.condition}))`, eventSeen(event, execution), now)) === true;
}
