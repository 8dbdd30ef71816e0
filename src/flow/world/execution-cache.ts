import type { Clock } from '../../base/clock.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { measureSealed } from '../seal.ts';
import type { Execution } from '../types.ts';

const bytesPerEntry = 600;

/** The executions that this process works on, as it last saw them; whoever uses one asks first whether its revision still stands. */
export class ExecutionCache {
  readonly #executions: RecentlyUsed<Execution>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#executions = new RecentlyUsed({ maxWeight: 64 * 2 ** 20, idleMs: 60_000, clock });
  }

  get(id: string, revision: number): Execution | undefined {
    const execution = this.#executions.use(id);
    return execution?.revision === revision ? execution : undefined;
  }

  put(execution: Execution): void {
    const bytes = measureSealed(execution.context).bytes + execution.stepCount * bytesPerEntry + bytesPerEntry;
    this.#executions.put(execution.id, execution, bytes);
  }

  forget(id: string): void {
    this.#executions.forget(id);
  }
}
