import { isTerminal, type RunRow, type StreamRow } from '../world/rows.ts';

const lateMs = 2_000;

/**
 * For how long chunks of a stream may still come: not at all when it is closed or forgotten; for two seconds after the end of its run, in
 * which what a step had on its way arrives; for ever while the run is open.
 */
export function msToStreamEnd({ stream, run, now }: StreamState): number {
  if (!run || stream?.closedAt !== null) return 0;
  if (!isTerminal(run.status)) return Infinity;
  // No longer than that also where the clock was set back meanwhile.
  return Math.min(lateMs, Math.max(0, (run.completedAt ?? 0) + lateMs - now));
}

export interface StreamState {
  readonly stream: Pick<StreamRow, 'closedAt'> | undefined;
  readonly run: Pick<RunRow, 'status' | 'completedAt'> | undefined;
  /** By the clock of the store. */
  readonly now: number;
}
