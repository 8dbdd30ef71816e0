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
  const told = listen(core, id, until);
  try {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
      const execution = told.execution ?? (await look(core, id, until));
      if (execution && until.includes(execution.status)) return execution;
      const left = end - core.clock.monotonic();
      if (left <= 0) throw stillWaiting(execution ?? (await readExecution(core, id)), until, timeoutMs);
      await told.within(Math.min(left, pollMs));
    }
  } finally {
    told.stop();
  }
}

/** The execution, unless it is known to go on without being read: who waits for the end of a long one does not read it again and again. */
async function look(core: EngineCore, id: string, until: readonly ExecutionStatus[]): Promise<Execution | undefined> {
  const onlyEnds = until.every((status) => terminal.includes(status));
  if (onlyEnds && (await core.index.hasEnded?.(id)) === false) return undefined;
  return readExecution(core, id);
}

const terminal: readonly ExecutionStatus[] = ['completed', 'failed', 'cancelled'];

/** Hears of the statuses that are waited for, from before the state is read, so that none falls between. */
function listen(core: EngineCore, id: string, until: readonly ExecutionStatus[]) {
  let wake = () => {};
  const told = {
    execution: undefined as Execution | undefined,
    async within(ms: number): Promise<void> {
      if (told.execution) return;
      let cancelTimer = () => {};
      await new Promise<void>((resolve) => {
        wake = resolve;
        cancelTimer = startTimer(core.clock, ms, resolve);
      });
      cancelTimer();
    },
    stop: core.watchers.watch(id, (execution) => {
      if (!until.includes(execution.status)) return;
      told.execution = execution;
      wake();
    }),
  };
  return told;
}

function stillWaiting({ id, status }: Execution, until: readonly string[], timeoutMs: number | undefined): FlowError {
  return new FlowError('TIMEOUT', `Execution ${id} is still ${status} after ${timeoutMs} ms, not ${until.join(' or ')}.`);
}
