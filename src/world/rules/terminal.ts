import { terminalConflict } from '../errors.ts';
import { isTerminal, type RunRow } from '../rows.ts';

/** Nothing new begins on a finished run; `wanted` says what was tried. */
export function assertNotTerminal(run: RunRow, wanted: string): void {
  if (isTerminal(run.status)) throw terminalConflict(run.runId, run.status, wanted);
}
