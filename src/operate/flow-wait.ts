import type { Execution } from '../flow/types.ts';
import { hookIdOf, signalHookIdOf } from '../flow/world/names.ts';

/** The hook whose answer ends the wait that an execution is in; undefined: it is in none, or waits for time or its children alone. */
export function hookOfWait(execution: Execution): string | undefined {
  const { status, join, waitMetadata } = execution;
  if (status !== 'waiting' || join !== undefined) return undefined;
  const { token, wakeAt } = waitMetadata ?? {};
  if (token !== undefined) return hookIdOf(token);
  return wakeAt === undefined ? signalHookIdOf(execution) : undefined;
}
