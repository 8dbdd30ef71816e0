import { isTerminal, type Transition } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import type { ExecutionClaim } from '../execution-index.ts';
import type { Execution, StepAttempt } from '../types.ts';
import { commitTransition } from './commit.ts';
import type { EngineCore } from './core.ts';

/** Thrown inside a drive when what was done no longer fits the execution: it ended, moved on, or was taken over. */
export class Superseded extends Error {
  /** The lease is gone: whoever has it now goes on. */
  readonly lost: boolean;

  constructor({ lost }: { readonly lost: boolean }) {
    super('The execution ended, moved on or was taken over while it was being worked on.');
    this.lost = lost;
  }
}

/**
 * One claimed execution and its last durable state. Commits go one after the other; one that finds another revision
 * is decided again on the newer state, unless that one is no longer ours to change.
 */
export class Session {
  readonly #core: EngineCore;
  readonly #claim: ExecutionClaim;
  #execution: Execution;
  #queue: Promise<unknown> = Promise.resolve();
  #interrupt = () => {};

  constructor(core: EngineCore, claim: ExecutionClaim) {
    this.#core = core;
    this.#claim = claim;
    this.#execution = claim.execution;
    claim.signal.addEventListener('abort', () => this.#interrupt());
  }

  get execution(): Execution {
    return this.#execution;
  }

  get epoch(): number {
    return this.#claim.epoch;
  }

  get signal(): AbortSignal {
    return this.#claim.signal;
  }

  /** Calls `interrupt` when the execution ends elsewhere or the lease is lost, at once if it is; the returned function ends that. */
  onInterrupt(interrupt: () => void): () => void {
    this.#interrupt = interrupt;
    if (this.signal.aborted) interrupt();
    return () => {
      this.#interrupt = () => {};
    };
  }

  /** Decides and commits; a decision without any change is not written. Resolves to what was decided last. */
  commit<T extends { readonly transition: Transition }>(decide: (execution: Execution) => Promise<T>): Promise<T> {
    const committed = this.#queue.then(() => this.#commitNow(decide));
    this.#queue = committed.catch(() => undefined);
    return committed;
  }

  async #commitNow<T extends { readonly transition: Transition }>(decide: (execution: Execution) => Promise<T>): Promise<T> {
    for (;;) {
      const previous = this.#execution;
      const decided = await decide(previous);
      if (decided.transition.execution === previous) return decided;
      try {
        this.#execution = await commitTransition(this.#core, decided.transition, {
          previous,
          epoch: this.epoch,
        });
        return decided;
      } catch (error) {
        if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
        await this.#refresh(previous);
      }
    }
  }

  async #refresh(previous: Execution): Promise<void> {
    const fresh = await this.#core.index.read(previous.id);
    if (fresh === null) throw new Superseded({ lost: true });
    this.#execution = fresh;
    // The same revision refused means that the claim, not the state, is what we lost.
    if (isTerminal(fresh) || fresh.revision === previous.revision) throw new Superseded({ lost: true });
    if (fresh.status !== previous.status || !sameAttempt(previous.attempt, fresh.attempt)) throw new Superseded({ lost: false });
  }
}

function sameAttempt(a: StepAttempt | undefined, b: StepAttempt | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.stepId === b.stepId && a.visit === b.visit && a.attempt === b.attempt && a.deliveries === b.deliveries && a.status === b.status;
}
