import { Problem } from '../api/problem.ts';
import type { Firing } from '../api/types.ts';

/** Throws a Problem for a firing that started nothing: the API answers it as a success, since the trigger did fire. */
export function expectStarted({ runId, error }: Firing): void {
  if (runId !== null) return;
  throw new Problem(0, error?.code ?? 'NOTHING_STARTED', error?.message ?? 'The trigger fired, but it started nothing.');
}
