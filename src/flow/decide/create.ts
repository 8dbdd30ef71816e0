import { adoptExecution, type ExecutionChanges } from '../execution-record.ts';
import type { Context } from '../context.ts';
import type { Execution, Flow, ParentStep, StepHistoryEntry } from '../types.ts';

export interface NewExecution {
  readonly id: string;
  readonly flow: Flow;
  readonly context: Context;
  readonly now: number;
  readonly tenantId?: string | undefined;
  readonly idempotency?: { readonly key: string; readonly expiresAt: number } | undefined;
  readonly deadlineAt?: number | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** For a part of a flow: the step it consists of first. */
  readonly startStepId?: string | undefined;
  /** For a retry: the step it goes on with. */
  readonly fromStepId?: string;
  readonly parent?: { readonly execution: Pick<Execution, 'id' | 'depth'>; readonly step?: ParentStep } | undefined;
  /** For a retry: what is carried over from the execution it repeats. */
  readonly history?: readonly StepHistoryEntry[];
  readonly visits?: Readonly<Record<string, number>>;
  readonly input?: Context;
}

/** The first state of an execution: pending, at revision 1 (flow.md §2, create). */
export function newExecution(given: NewExecution): Execution {
  const { id, flow, now, parent, idempotency } = given;
  const optional: ExecutionChanges = {
    tenantId: given.tenantId,
    deadlineAt: given.deadlineAt,
    metadata: given.metadata,
    startStepId: given.startStepId,
    idempotencyKey: idempotency?.key,
    idempotencyExpiresAt: idempotency?.expiresAt,
    parentExecutionId: parent?.execution.id,
    parentStep: parent?.step,
    depth: parent ? (parent.execution.depth ?? 0) + 1 : undefined,
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return adoptExecution({
    id,
    flowId: flow.id,
    flowVersion: flow.version,
    status: 'pending',
    currentStepId: given.fromStepId ?? given.startStepId ?? flow.initialStepId,
    context: given.context,
    history: [...(given.history ?? [])],
    createdAt: now,
    updatedAt: now,
    revision: 1,
    input: given.input ?? given.context,
    visits: { ...given.visits },
    stepCount: 0,
    ...present,
  });
}
