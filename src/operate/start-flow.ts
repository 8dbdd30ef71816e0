import type { z } from 'zod';
import { audited } from './audit.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { findRun, viewSummary } from './run-views.ts';
import type { startFlowSchema } from './schemas/actions.ts';
import type { Started } from './start-run.ts';

export type StartFlow = z.input<typeof startFlowSchema>;

/** Starts an execution of a flow; with an idempotency key that is live, finds the one that has it. */
export function startFlow(operator: Operator, flowId: string, given: StartFlow = {}): Promise<Started> {
  return audited(operator, { action: 'flow.start', target: flowId, scope: 'act' }, () => createExecution(operator, flowId, given));
}

/** The same without a line in the audit log. */
export async function createExecution(
  operator: Operator,
  flowId: string,
  { input = {}, version, idempotencyKey, tenantId }: { readonly [K in keyof StartFlow]: StartFlow[K] | undefined },
): Promise<Started> {
  const { caller } = operator;
  if (caller.tenantId !== null && tenantId !== undefined && tenantId !== caller.tenantId) {
    throw new OperateError('forbidden', 'TENANT_MISMATCH', `"${caller.name}" is bound to tenant "${caller.tenantId}".`);
  }
  const tenant = caller.tenantId ?? tenantId;
  const { execution, created } = await operator.engine().create(flowId, input, {
    ...(version === undefined ? {} : { version }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
  });
  return { run: viewSummary(operator, await findRun(operator, execution.id)), created };
}
