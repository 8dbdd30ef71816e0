import { hashToken, newToken } from '../token.ts';
import type { Execution } from '../types.ts';

// Ids of what an execution has in the World. They follow from its state, so nothing has to remember them.

/** So that nobody needs to ask whose hook it is. */
export const flowHookPrefix = 'hook_flow_';

const tail = (executionId: string) => executionId.replace(/^wrun_/, '');

export function stepIdOf(executionId: string, { stepId, visit }: { readonly stepId: string; readonly visit: number }): string {
  return `step_${tail(executionId)}_${stepId}_${visit}`;
}

/** Going on after a wait counts as a step, so no two waits of an execution have one count. */
export function waitIdOf({ id, stepCount }: Execution): string {
  return `wait_${tail(id)}_${stepCount}`;
}

/** Of a wait that names neither a token nor an instant: tools of the World see it, and can end it. */
export function signalHookIdOf({ id, stepCount }: Execution): string {
  return `${flowHookPrefix}${tail(id)}_${stepCount}`;
}

export function hookIdOf(tokenHash: string): string {
  return `${flowHookPrefix}${tokenHash.slice('sha256:'.length, 'sha256:'.length + 26)}`;
}

/** The hash of a token that nobody has. */
export function unknownToken(): string {
  return hashToken(newToken());
}
