import { backoffMs } from '../../base/backoff.ts';
import type { Logger } from '../../base/logger.ts';
import type { Execution } from '../types.ts';

// Another worker may have the handler, or get it with the next deployment; nobody tells when.
const lookAgain = { baseMs: 1_000, capMs: 15_000, jitter: 0.25 };
const mostRemembered = 10_000;

/** What the workers of this process have no handler for: told once, and looked at ever less often. */
export class MissingHandlers {
  readonly #logger: Logger;
  readonly #told = new Set<string>();
  /** How often each execution was left. */
  readonly #left = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Milliseconds until a worker looks at the execution again. */
  leave({ id, flowId, flowVersion, currentStepId }: Execution, type: string): number {
    const what = `${flowId}@${flowVersion} ${type}`;
    if (!this.#told.has(what)) {
      this.#told.add(what);
      this.#logger.warn(
        `No worker of this process has the handler "${type}" of step "${currentStepId}" in flow ${flowId}@${flowVersion}: its executions wait for one that has. Give it to openEngine() in \`handlers\`, on this worker or another.`,
        { code: 'HANDLER_NOT_FOUND', handler: type, flowId, flowVersion, stepId: currentStepId, executionId: id },
      );
    }
    const times = (this.#left.get(id) ?? 0) + 1;
    this.#left.delete(id);
    this.#left.set(id, times);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= mostRemembered) break;
      this.#left.delete(oldest);
    }
    return backoffMs(lookAgain, times);
  }

  found(id: string): void {
    if (this.#left.size > 0) this.#left.delete(id);
  }
}
