import { defineHandler, type PawlWorld, Result } from '../../src/index.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';

/** Greets, waits for somebody to approve, then ends; `fail` in the input fails it at its second step. */
export const approval = {
  id: 'approval',
  version: '1.0.0',
  name: 'Approval of an order',
  initialStepId: 'greet',
  steps: {
    greet: { id: 'greet', type: 'greet', input: { type: 'full' }, outputKey: 'text', transitions: { onSuccess: 'check' } },
    check: { id: 'check', type: 'check', input: { type: 'full' }, transitions: { onSuccess: 'approve' } },
    approve: {
      id: 'approve',
      type: 'wait',
      config: {},
      input: { type: 'static', value: null },
      transitions: { onSuccess: null, onResume: null },
    },
  },
} as const;

const greet = defineHandler({
  type: 'greet',
  execute: ({ input }) => Result.success(`Hello, ${String((input as { who?: string }).who)}!`),
});
const check = defineHandler({
  type: 'check',
  execute: ({ input }) =>
    (input as { fail?: boolean }).fail
      ? Result.failure({ code: 'NO_STOCK', message: 'None left.', retryable: false })
      : Result.success(null),
});

/** An engine on this World with the handlers of `approval`. */
export function approvalEngine(world: PawlWorld): WorldEngine {
  return new WorldEngine(world, { handlers: [greet, check] });
}
