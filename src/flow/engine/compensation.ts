import { newExecution } from '../decide/create.ts';
import type { SpawnedChild } from '../execution-index.ts';
import { seal } from '../seal.ts';
import { triggersBehind } from '../triggers/trigger-ids.ts';
import type { CancellationInfo, Execution, Flow } from '../types.ts';
import type { EngineCore } from './core.ts';

/**
 * The child that undoes a cancelled execution: the same flow from the step named by `metadata.onCancel`, with the
 * context as it was and the `cancellation` in it. Started by the commit that cancels (decisions C10).
 */
export function compensationOf(
  core: EngineCore,
  flow: Flow,
  execution: Execution,
  cancellation: CancellationInfo,
): SpawnedChild | undefined {
  const stepId = flow.metadata?.onCancel;
  // What never began has nothing to undo; a branch, an item or a compensation is undone with the whole or not at all.
  if (typeof stepId !== 'string' || execution.status === 'pending' || execution.startStepId !== undefined) return undefined;
  const now = cancellation.cancelledAt;
  const context = seal({ ...execution.context, cancellation }, { what: 'context' });
  const child = newExecution({
    id: core.ids.child(execution.id, now),
    flow,
    context,
    now,
    tenantId: execution.tenantId,
    startStepId: stepId,
    parent: { execution },
    metadata: seal({ compensates: execution.id, ...triggersBehind(execution) }, { what: 'metadata' }),
  });
  return { kind: 'flow', execution: child };
}
