import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { WorkerRow } from '../world/rows.ts';

export interface NoWorkerWarningOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly worksHere: () => boolean;
  /** Undefined where nothing is open any more. */
  readonly listWorkers: () => Promise<readonly WorkerRow[]> | undefined;
  /** Whether an execution of a flow is due that nobody carries on. */
  readonly executionWaits: () => Promise<boolean> | undefined;
}

// Somebody who has just started may still be on the way.
const lookAfterMs = 5_000;

/** Says that messages wait and nobody works: after a while, and once for as long as nobody does. It looks seldom, however many messages come. */
export class NoWorkerWarning {
  readonly #options: NoWorkerWarningOptions;
  #leftAt = -Infinity;
  #messageWaits = false;
  #willLook = false;
  #warned = false;

  constructor(options: NoWorkerWarningOptions) {
    this.#options = options;
  }

  /** A message was left for a worker. */
  messageLeft(): void {
    this.#messageWaits = true;
    this.#left();
  }

  /** An execution was left for a worker; or for an `engine.run`, which carries it on without one. */
  executionLeft(): void {
    this.#left();
  }

  #left(): void {
    const { clock, worksHere } = this.#options;
    if (worksHere()) {
      this.#warned = false;
      return;
    }
    this.#leftAt = clock.monotonic();
    if (!this.#willLook) this.#lookLater();
  }

  #lookLater(): void {
    this.#willLook = true;
    this.#options.clock.after(lookAfterMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, logger, leaseMs, worksHere, listWorkers, executionWaits } = this.#options;
    // A database that is away says nothing: the next message looks again.
    const workers = await listWorkers()?.catch(() => undefined);
    this.#willLook = false;
    if (!workers) return;
    const somebodyWorks = worksHere() || workers.some(({ live }) => live);
    if (!somebodyWorks && !this.#warned) {
      if (!this.#messageWaits && !(await executionWaits()?.catch(() => false))) return;
      logger.warn(
        'A message is waiting and no worker is running: call world.start() or engine.start() in the process that is to do the work, or run `pawl serve`.',
      );
    }
    this.#warned = !somebodyWorks;
    // Who has died is taken for alive until its lease is over, and there may be no other message.
    if (somebodyWorks && !worksHere() && clock.monotonic() - this.#leftAt <= leaseMs) this.#lookLater();
  }
}
