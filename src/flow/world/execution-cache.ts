import { measureSealed } from '../seal.ts';
import type { Execution } from '../types.ts';

const maxBytes = 64 * 2 ** 20;
const bytesPerEntry = 600;

/** The executions that this process works on, as it last saw them; whoever uses one asks first whether its revision still stands. */
export class ExecutionCache {
  // In order of use: the first is the one to forget.
  readonly #entries = new Map<string, { readonly execution: Execution; readonly bytes: number }>();
  #bytes = 0;

  get(id: string, revision: number): Execution | undefined {
    const entry = this.#entries.get(id);
    return entry?.execution.revision === revision ? entry.execution : undefined;
  }

  put(execution: Execution): void {
    this.forget(execution.id);
    const bytes = measureSealed(execution.context).bytes + execution.stepCount * bytesPerEntry + bytesPerEntry;
    this.#entries.set(execution.id, { execution, bytes });
    this.#bytes += bytes;
    for (const id of this.#entries.keys()) {
      if (this.#bytes <= maxBytes || id === execution.id) return;
      this.forget(id);
    }
  }

  forget(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
  }
}
