import { cancelExecution } from '../decide/end.ts';
import { isTerminal, unchanged } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import type { CancellationInfo, Execution } from '../types.ts';
import { commitTransition } from './commit.ts';
import { compensationOf } from './compensation.ts';
import type { EngineCore } from './core.ts';
import { readExecution } from './read.ts';

export type CancelOptions = Pick<CancellationInfo, 'source' | 'reason'>;

export interface CancelResult {
  /** False if it had ended before. */
  readonly cancelled: boolean;
  readonly execution: Execution;
}

/** See `Engine.cancel`. */
export async function cancelById(core: EngineCore, id: string, { source, reason }: CancelOptions): Promise<CancelResult> {
  for (;;) {
    const execution = await readExecution(core, id);
    if (isTerminal(execution)) return { cancelled: false, execution };
    const now = core.clock.now();
    const cancellation = Object.freeze({ source, ...(reason === undefined ? {} : { reason }), cancelledAt: now });
    const compensation = compensationOf(core, await core.flows.of(execution), execution, cancellation);
    try {
      const transition = cancelExecution(unchanged(execution), cancellation, compensation);
      const cancelled = await commitTransition(core, transition, { previous: execution });
      core.running.get(id)?.cancel();
      return { cancelled: true, execution: cancelled };
    } catch (error) {
      // It moved on while this was decided; a cancel wins over that too.
      if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    }
  }
}
