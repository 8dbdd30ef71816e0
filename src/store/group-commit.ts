import { WorkflowWorldError } from '@workflow/errors';
import { unavailable } from '../world/errors.ts';
import type { ExecutionWrite, FlowAct, FlowOutcome, FlowOutcomeOf } from '../world/flow-port.ts';
import type { Act, Outcome, OutcomeOf } from '../world/port.ts';

type AnyAct = Act | FlowAct;
type AnyOutcome = Outcome | FlowOutcome;
type OutcomeOfAny<A extends AnyAct> = A extends Act ? OutcomeOf<A> : A extends FlowAct ? FlowOutcomeOf<A> : never;

export interface GroupCommitOptions<Performed extends AnyAct> {
  /** Performs the acts in one durable transaction; all or nothing if it rejects. */
  transact(acts: readonly Performed[]): Promise<readonly AnyOutcome[]>;
  readonly maxActs?: number;
  readonly maxBytes?: number;
}

interface Waiting<Performed> {
  readonly act: Performed;
  readonly bytes: number;
  readonly resolve: (outcome: AnyOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins the writes of a process: what arrives in the same turn of the event loop, or while a transaction is under way, shares the next one
 * and its one fsync or round trip.
 */
export class GroupCommit<Performed extends AnyAct = Act> {
  readonly #transact: GroupCommitOptions<Performed>['transact'];
  readonly #maxActs: number;
  readonly #maxBytes: number;
  #waiting: Waiting<Performed>[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor({ transact, maxActs = 512, maxBytes = 16 * 2 ** 20 }: GroupCommitOptions<Performed>) {
    this.#transact = transact;
    this.#maxActs = maxActs;
    this.#maxBytes = maxBytes;
  }

  commit<A extends Performed>(act: A): Promise<OutcomeOfAny<A>> {
    if (this.#closed) return Promise.reject(unavailable('This World is closed; open another one to write.'));
    return new Promise<AnyOutcome>((resolve, reject) => {
      this.#waiting.push({ act, bytes: bytesOf(act), resolve, reject });
      this.#flushing ??= this.#flush();
    }) as Promise<OutcomeOfAny<A>>;
  }

  /** Refuses what comes from now on and resolves when everything taken before is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // One turn of the event loop: everything that this turn wants to write goes together.
    await new Promise<void>((turn) => setImmediate(turn));
    while (this.#waiting.length > 0) await this.#perform(this.#nextBatch());
    this.#flushing = undefined;
  }

  #nextBatch(): Waiting<Performed>[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: size } of this.#waiting) {
      if (count > 0 && (count >= this.#maxActs || bytes + size > this.#maxBytes)) break;
      bytes += size;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #perform(batch: readonly Waiting<Performed>[]): Promise<void> {
    try {
      const outcomes = await this.#transact(batch.map(({ act }) => act));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as AnyOutcome);
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1 && only) return only.reject(error);
      if (isUnavailable(error)) return batch.forEach(({ reject }) => reject(error));
      // One poisoned act must not take the others with it: halve until it is alone.
      const middle = batch.length >> 1;
      await this.#perform(batch.slice(0, middle));
      await this.#perform(batch.slice(middle));
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return WorkflowWorldError.is(error) && (error.status ?? 0) >= 500;
}

function bytesOf(act: AnyAct): number {
  if (act.kind === 'write') return act.transition.events.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 500);
  if (act.kind === 'flowCommit') return act.writes.reduce((sum, write) => sum + flowBytes(write), 500);
  if (act.kind === 'append') return act.chunks.reduce((sum, chunk) => sum + chunk.length, 100);
  if (act.kind === 'enqueue') return act.message.payload.length + 200;
  return 100;
}

function flowBytes({ events, values, history }: ExecutionWrite): number {
  const logged = events.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 1_000);
  return values.reduce((sum, { value }) => sum + (value?.length ?? 0), logged) + history.reduce((sum, { length }) => sum + length, 0);
}
