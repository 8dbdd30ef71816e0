import { FlowError } from '../errors.ts';
import type { Execution, ExecutionStatus } from '../types.ts';
import type { EngineCore } from './core.ts';
import { readExecution } from './read.ts';
import { startTimer } from './timer.ts';

export interface WaitForOptions {
  /** Default: completed, failed or cancelled. */
  readonly until?: readonly ExecutionStatus[];
  /** Milliseconds; default: as long as it takes. */
  readonly timeoutMs?: number;
}

const firstPollMs = 25;
const longestPollMs = 1_000;

/**
 * The execution once its status is one of `until`. Commits of this process are noticed at once, those of others by
 * polling. Throws TIMEOUT, which stops nothing but the waiting.
 */
export async function waitForExecution(
  core: EngineCore,
  id: string,
  { until = terminal, timeoutMs }: WaitForOptions = {},
): Promise<Execution> {
  const end = timeoutMs === undefined ? Number.POSITIVE_INFINITY : core.clock.monotonic() + timeoutMs;
  let pollMs = firstPollMs;
  for (;;) {
    const changed = nextChange(core, id);
    try {
      const execution = await readExecution(core, id);
      if (until.includes(execution.status)) return execution;
      const left = end - core.clock.monotonic();
      if (left <= 0) throw stillWaiting(execution, until, timeoutMs);
      await changed.within(Math.min(left, pollMs));
      pollMs = Math.min(pollMs * 2, longestPollMs);
    } finally {
      changed.stop();
    }
  }
}

const terminal: readonly ExecutionStatus[] = ['completed', 'failed', 'cancelled'];

/** Listens from before the state is read, so that no change falls between. */
function nextChange(core: EngineCore, id: string) {
  let wake = () => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const unwatch = core.watchers.watch(id, wake);
  let cancelTimer = () => {};
  return {
    within(ms: number): Promise<void> {
      cancelTimer = startTimer(core.clock, ms, wake);
      return woken;
    },
    stop() {
      cancelTimer();
      unwatch();
    },
  };
}

function stillWaiting({ id, status }: Execution, until: readonly string[], timeoutMs: number | undefined): FlowError {
  return new FlowError('TIMEOUT', `Execution ${id} is still ${status} after ${timeoutMs} ms, not ${until.join(' or ')}.`);
}
