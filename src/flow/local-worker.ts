import { systemClock, type Clock } from '../base/clock.ts';
import { describeError, silentLogger, type Logger } from '../base/logger.ts';
import { FlowError } from './errors.ts';
import type { DeliverBounds, Engine } from './engine.ts';

export interface LocalWorkerOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Executions driven at a time; default 10. */
  readonly concurrency?: number;
  /** Milliseconds between looks at the store when nothing is known to be due; default 1,000. */
  readonly pollMs?: number;
}

export interface LocalWorker {
  /** Resolves when the deliveries in progress have ended. */
  stop(): Promise<void>;
}

/**
 * Drives what becomes due in a store with the `index` capability, in this process: what a World's worker does, for
 * the in-memory store. It keeps the process alive until it is stopped.
 */
export function startLocalWorker(engine: Engine, options: LocalWorkerOptions = {}): LocalWorker {
  const { clock = systemClock, logger = silentLogger, concurrency = 10, pollMs = 1_000 } = options;
  const alive = setInterval(() => undefined, 2 ** 30);
  const running = new Set<Promise<void>>();
  const notBefore = new Map<string, number>();
  let stopped = false;
  let wake = () => {};

  async function loop(): Promise<void> {
    while (!stopped) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const nextDueAt = await claimDue().catch((error: unknown) => {
        logger.warn(`Looking for what is due failed and will be repeated: ${describeError(error)}`);
        return undefined;
      });
      if (stopped) break;
      const idleMs = Math.min(pollMs, Math.max(0, (nextDueAt ?? Number.POSITIVE_INFINITY) - clock.now()));
      const cancel = clock.after(idleMs, wake);
      await woken;
      cancel();
    }
    await Promise.all(running);
  }

  async function claimDue(): Promise<number | undefined> {
    const free = concurrency - running.size;
    if (free <= 0) return undefined;
    // Those that are left alone for a while must not stand before the others.
    const { ids, nextDueAt } = await dueOf(engine).due({ now: clock.now(), limit: free + notBefore.size });
    for (const id of ids) {
      if (running.size >= concurrency) break;
      if ((notBefore.get(id) ?? 0) > clock.now()) continue;
      const work = deliverOne(engine, id).then(
        () => void notBefore.delete(id),
        (error: unknown) => {
          // Not ours to run, or the store is in trouble: leave it alone for a while, and go on with the others.
          logger.warn(`Execution ${id} could not be driven: ${describeError(error)}`, { executionId: id });
          notBefore.set(id, clock.now() + pollMs);
        },
      );
      const owned: Promise<void> = work.finally(() => {
        running.delete(owned);
        wake();
      });
      running.add(owned);
    }
    return nextDueAt;
  }

  const unwatch = engine.watch(() => wake());
  const ended = loop();
  return {
    async stop() {
      stopped = true;
      wake();
      await ended;
      unwatch();
      clearInterval(alive);
    },
  };
}

/** Claims and drives one execution; false if someone else has it. */
export async function deliverOne(engine: Engine, id: string, bounds?: DeliverBounds): Promise<boolean> {
  const claim = await engine.claim(id);
  if (!claim) return false;
  try {
    await engine.deliver(claim, bounds);
    return true;
  } finally {
    await claim.release();
  }
}

/** Drives everything that is due now, and what that makes due, until nothing is. Returns the next instant known. */
export async function driveDue(
  engine: Engine,
  clock: Clock,
  { concurrency = 10 }: { readonly concurrency?: number } = {},
): Promise<number | undefined> {
  for (;;) {
    const { ids, nextDueAt } = await dueOf(engine).due({ now: clock.now(), limit: concurrency });
    if (ids.length === 0) return nextDueAt;
    await Promise.all(ids.map((id) => deliverOne(engine, id)));
  }
}

function dueOf(engine: Engine) {
  const { index } = engine.store;
  if (index) return index;
  throw new FlowError('INVALID_INPUT', 'A worker needs a store with the index capability; without it, call engine.run yourself.');
}
