import type { Sandbox } from '../sandbox.ts';
import type { Execution } from '../types.ts';
import type { EventTrigger } from './types.ts';

/** What an event trigger sees: the parts of an execution that mean something outside it. */
export function eventSeen(event: string, execution: Execution): Readonly<Record<string, unknown>> {
  const { id, flowId, flowVersion, tenantId, status, context, output, error, cancellation, metadata } = execution;
  const parts = { id, flowId, flowVersion, tenantId, status, context, output, error, cancellation, metadata };
  return { event, execution: Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) };
}

/** Whether an event starts an execution. One that was started by this trigger itself never does: it would not end. */
export async function matchesEvent(
  trigger: EventTrigger,
  { event, execution }: { readonly event: string; readonly execution: Execution },
  { sandbox, now }: { readonly sandbox: Sandbox; readonly now: number },
): Promise<boolean> {
  if (trigger.enabled === false || trigger.event !== event) return false;
  if (trigger.sourceFlowId !== undefined && trigger.sourceFlowId !== execution.flowId) return false;
  if (trigger.tenantId !== undefined && trigger.tenantId !== execution.tenantId) return false;
  if (execution.metadata?.triggerId === trigger.id) return false;
  if (trigger.condition === undefined) return true;
  return (await sandbox.evaluate(`$boolean((${trigger.condition}))`, eventSeen(event, execution), now)) === true;
}
