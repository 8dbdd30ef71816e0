import { systemClock, type Clock } from '../../base/clock.ts';
import { dueAtOf } from '../decide/due.ts';
import { FlowError } from '../errors.ts';
import type { ExecutionIndex } from '../execution-index.ts';
import { adoptExecution, revise } from '../execution-record.ts';
import type { IdempotencyScope, StateStore } from '../ports.ts';
import type { Execution } from '../types.ts';
import { MemoryIndex } from './memory-index.ts';

export interface MemoryStateStoreOptions {
  /** Judges whether idempotency keys live. */
  readonly clock?: Clock;
}

/** Executions in memory, with the `index` capability: for tests, examples, and as the model of every other store. */
export class MemoryStateStore implements StateStore {
  readonly index: ExecutionIndex;
  readonly #memory: MemoryIndex;

  constructor({ clock = systemClock }: MemoryStateStoreOptions = {}) {
    this.#memory = new MemoryIndex(clock);
    this.index = this.#memory;
  }

  async save(execution: Execution): Promise<void> {
    const current = this.#memory.peek(execution.id);
    const stored = current?.revision ?? 0;
    if (execution.revision !== undefined && execution.revision !== stored) {
      const message = `Execution ${execution.id} is at revision ${stored}, not ${execution.revision}; load it again.`;
      throw new FlowError('EXECUTION_CONFLICT', message);
    }
    const next = revise(adoptExecution(execution), { changes: { revision: stored + 1 } });
    if (!current) this.#memory.expectKeyFree(next);
    this.#memory.put(next, dueAtOf(next), next.join ?? null);
  }

  async load(id: string): Promise<Execution | null> {
    const execution = this.#memory.peek(id);
    return execution ? structuredClone(execution) : null;
  }

  async delete(id: string): Promise<void> {
    this.#memory.remove(id);
  }

  async findByIdempotencyKey(key: string, scope?: IdempotencyScope): Promise<Execution | null> {
    const found = this.#memory.findByKey(key, scope);
    return found ? structuredClone(found) : null;
  }

  /** As if the process that holds these claims had died: for tests of what another one does then. */
  abandonClaims(owner: string): void {
    this.#memory.abandonClaims(owner);
  }
}
