import { WorkflowWorldError } from '@workflow/errors';
import { sdkRefusals } from '../sdk-refusals.ts';

/** Whether a World says no to a valid call that came too early, too late or twice. */
export function isRefusal(error: unknown): boolean {
  const { status } = (error ?? {}) as { status?: unknown };
  // A 400 says that the call itself is wrong, and none of ours is.
  const saysNo = typeof status === 'number' && status > 400 && status < 500;
  if (WorkflowWorldError.is(error)) return saysNo;
  return sdkRefusals.some((refusal) => refusal.is(error)) && (saysNo || status === undefined);
}
