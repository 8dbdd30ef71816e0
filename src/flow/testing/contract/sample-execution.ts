import type { Execution } from '../../types.ts';

/** An execution with every field there is, so that a store cannot forget one (flow.md §4, rule 12). */
export function fullExecution(changes: Partial<Execution> = {}): Execution {
  const at = Date.UTC(2026, 0, 1);
  const error = {
    code: 'CARD_DECLINED',
    message: 'no funds – „nirgends“ \u0000 💸',
    stepId: 'pay',
    retryable: false,
    details: { limit: 5 },
  };
  return {
    id: 'exec-full',
    flowId: 'orders',
    flowVersion: '2.1.0-beta.3',
    tenantId: 'tenant-1',
    status: 'waiting',
    currentStepId: 'approve',
    context: {
      order: { items: [{ sku: 'a', price: 1.5 }, null, true, ''] },
      empty: {},
      list: [],
      nested: { deep: [[1], [2, [3]]] },
    },
    output: { ok: true },
    history: [
      {
        stepId: 'pay',
        type: 'charge',
        attempt: 1,
        status: 'failure',
        input: { amount: 7 },
        error,
        startedAt: at + 1,
        completedAt: at + 2,
        duration: 1,
        visit: 1,
      },
      {
        stepId: 'pay',
        type: 'charge',
        attempt: 2,
        status: 'success',
        input: { amount: 7 },
        output: 'receipt',
        startedAt: at + 3,
        completedAt: at + 5,
        duration: 2,
        visit: 1,
      },
    ],
    error,
    waitMetadata: { wakeAt: at + 1_000_000, reason: 'approval', token: 'sha256:abc', keepsTokens: true },
    cancellation: { source: 'user', reason: 'changed my mind', cancelledAt: at + 9 },
    createdAt: at,
    updatedAt: at + 6,
    startedAt: at + 1,
    completedAt: at + 7,
    failedAt: at + 8,
    cancelledAt: at + 9,
    idempotencyKey: 'order-7',
    idempotencyExpiresAt: at + 86_400_000,
    parentExecutionId: 'exec-parent',
    metadata: { visual: { x: 1 }, retryOf: 'exec-old' },
    revision: 0,
    input: { order: { items: [] } },
    startStepId: 'pay',
    attempt: {
      stepId: 'approve',
      visit: 1,
      attempt: 2,
      deliveries: 3,
      status: 'waiting',
      startedAt: at + 5,
      input: ['x'],
      resumedBy: 'timer',
    },
    visits: { pay: 1, approve: 1 },
    stepCount: 2,
    retryAt: at + 50,
    deadlineAt: at + 1_000,
    checkpoint: { page: 3 },
    join: { group: 'approve#1.2', created: 4, wakeWhen: 2, epoch: 5 },
    parentStep: { stepId: 'each', group: 'each#1.1', index: 0 },
    depth: 1,
    earlyResumes: [{ token: 'sha256:def', data: { yes: true }, at: at + 4 }],
    children: [{ id: 'exec-child', group: 'approve#1.2', index: 0 }],
    ...changes,
  };
}

/** The least an execution can have. */
export function smallExecution(changes: Partial<Execution> = {}): Execution {
  const at = Date.UTC(2026, 0, 1);
  return {
    id: 'exec-small',
    flowId: 'orders',
    flowVersion: '1.0.0',
    status: 'pending',
    currentStepId: 'first',
    context: {},
    history: [],
    createdAt: at,
    updatedAt: at,
    revision: 0,
    visits: {},
    stepCount: 0,
    ...changes,
  };
}
