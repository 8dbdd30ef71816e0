import { isUnavailable, unavailable } from '../world/errors.ts';
import { currentAsker, startSharedSpan } from '../base/tracing.ts';
import type { AnyAct, AnyOutcome } from '../world/any-act.ts';
import type { ExecutionWrite, FlowAct, FlowOutcomeOf } from '../world/flow-port.ts';
import type { Act, Heard, OutcomeOf } from '../world/port.ts';
import type { Foresight } from './foresight.ts';
import type { CommitNotes } from './commit-notes.ts';

type OutcomeOfAny<A extends AnyAct> = A extends Act ? OutcomeOf<A> : A extends FlowAct ? FlowOutcomeOf<A> : never;

export interface GroupCommitOptions<Performed extends AnyAct> {
  /**
   * Performs the acts in one transaction; all or nothing if it rejects. The outcome of an act that has to wait for somebody else may still be
   * on its way when the others are there.
   */
  transact(acts: readonly Performed[]): Promise<readonly (AnyOutcome | Promise<AnyOutcome>)[]>;
  /**
   * Where a transaction is not durable by itself: resolves when it is, and all before it are. `busy`: this process has other work to do
   * meanwhile.
   */
  readonly makeDurable?: (busy: boolean) => Promise<void> | void;
  readonly maxActs?: number;
  readonly maxBytes?: number;
  /** Says while a transaction is under way what will probably come of it. */
  readonly foresight?: Foresight | undefined;
  /** How long an act that nobody waits for may wait for another one to share a transaction with. */
  readonly patienceMs?: number;
  /**
   * What the answers of one transaction lead to in the same turn of the event loop goes with what waited for it. For transactions that are
   * performed elsewhere: there are half as many then, and what each costs beside its acts is most of what it costs.
   */
  readonly gathers?: boolean;
  /** Told of every transaction. */
  readonly notes?: CommitNotes;
}

interface Waiting<Performed> {
  readonly act: Performed;
  readonly bytes: number;
  /** For the trace of the transaction. */
  readonly asker: ReturnType<typeof currentAsker>;
  readonly heard: Heard<AnyOutcome>;
  /** What will probably come of its act. */
  foreseen?: Expected | undefined;
  readonly resolve: (outcome: AnyOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Expected {
  readonly outcome: AnyOutcome;
  /** Who is still to be told. */
  hear: Heard<AnyOutcome>['onForeseen'];
  /** Who was told, and is to hear whether it was right. */
  judge: ((right: boolean) => void) | undefined;
}

/**
 * Joins the writes of a process: what arrives in the same turn of the event loop, or while a transaction is under way, shares the next one
 * and its one fsync or round trip.
 */
export class GroupCommit<Performed extends AnyAct = Act> {
  readonly #transact: GroupCommitOptions<Performed>['transact'];
  readonly #makeDurable: GroupCommitOptions<Performed>['makeDurable'];
  readonly #maxActs: number;
  readonly #maxBytes: number;
  readonly #patienceMs: number;
  readonly #gathers: boolean;
  readonly #notes: CommitNotes | undefined;
  readonly #foresight: Foresight | undefined;
  #waiting: Waiting<Performed>[] = [];
  #flushing: Promise<void> | undefined;
  #patient = false;
  #urgent = false;
  #closed = false;

  constructor({
    transact,
    makeDurable,
    maxActs = 512,
    maxBytes = 16 * 2 ** 20,
    patienceMs = 2,
    gathers = false,
    notes,
    foresight,
  }: GroupCommitOptions<Performed>) {
    this.#notes = notes;
    this.#foresight = foresight;
    this.#transact = transact;
    this.#makeDurable = makeDurable;
    this.#maxActs = maxActs;
    this.#maxBytes = maxBytes;
    this.#patienceMs = patienceMs;
    this.#gathers = gathers;
  }

  commit<A extends Performed>(act: A, heard: Heard<OutcomeOfAny<A>> = {}): Promise<OutcomeOfAny<A>> {
    if (this.#closed) return Promise.reject(unavailable('This World is closed; open another one to write.'));
    return new Promise<AnyOutcome>((resolve, reject) => {
      this.#waiting.push({ act, bytes: bytesOf(act), asker: currentAsker(), heard, resolve, reject });
      if (isUrgent(act)) this.#hurry();
      else if (!this.#flushing) this.#waitForOthers();
    }) as Promise<OutcomeOfAny<A>>;
  }

  /** Refuses what comes from now on and resolves when everything taken before is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length > 0) this.#hurry();
    await this.#flushing;
  }

  #hurry(): void {
    this.#urgent = true;
    this.#flushing ??= this.#flush();
  }

  #waitForOthers(): void {
    if (this.#patient) return;
    this.#patient = true;
    setTimeout(() => {
      this.#patient = false;
      if (this.#waiting.length > 0) this.#hurry();
    }, this.#patienceMs);
  }

  async #flush(): Promise<void> {
    // One turn of the event loop: everything that this turn wants to write goes together.
    await new Promise<void>((turn) => setImmediate(turn));
    while (this.#urgent) {
      const batch = this.#nextBatch();
      this.#urgent = this.#waiting.length > 0;
      // What a listener throws is its own batch's to hear, and must not end the writes of the process.
      await this.#perform(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
      if (this.#gathers && this.#urgent) await new Promise<void>((turn) => setImmediate(turn));
    }
    this.#flushing = undefined;
    if (this.#waiting.length > 0) this.#waitForOthers();
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
    const acts = batch.map(({ act }) => act);
    const startedAt = performance.now();
    const span = startSharedSpan('pawl.commit', () => ({
      attributes: { 'pawl.acts': acts.length },
      askers: batch.map(({ asker }) => asker),
    }));
    const reject = (error: unknown) => {
      span?.end(error);
      this.#notes?.tell({ acts, ms: performance.now() - startedAt, outcomes: [], error });
      for (const waiting of batch) {
        this.#compare(waiting, undefined);
        waiting.reject(error);
      }
    };
    let outcomes: readonly (AnyOutcome | Promise<AnyOutcome>)[];
    try {
      const transacting = this.#transact(acts);
      this.#foresee(batch);
      outcomes = await transacting;
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error)) return reject(error);
      span?.end(error);
      for (const waiting of batch) this.#compare(waiting, undefined);
      // One poisoned act must not take the others with it: halve until it is alone.
      const middle = batch.length >> 1;
      await this.#perform(batch.slice(0, middle));
      return await this.#perform(batch.slice(middle));
    }
    let busy = false;
    const known = outcomes.map((outcome) => (outcome instanceof Promise ? undefined : outcome));
    for (const [index, waiting] of batch.entries()) this.#compare(waiting, known[index]);
    for (const [index, { heard, reject: fail }] of batch.entries()) {
      const outcome = known[index];
      try {
        if (outcome !== undefined) busy = heard.onWritten?.(outcome) || busy;
      } catch (error) {
        fail(error);
      }
    }
    try {
      await this.#makeDurable?.(busy);
    } catch (error) {
      return reject(error);
    }
    for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as AnyOutcome);
    span?.end();
    this.#tell(acts, outcomes, startedAt);
  }

  /** Tells those who asked for it, once the acts are on their way to the database, so that nobody waits longer for that. */
  #foresee(batch: readonly Waiting<Performed>[]): void {
    const foresight = this.#foresight;
    if (!foresight) return;
    let told = false;
    for (const waiting of batch) {
      const { act, heard } = waiting;
      const outcome = waiting.foreseen ? undefined : foresight.foresee(act);
      if (outcome === undefined) continue;
      waiting.foreseen = { outcome, hear: heard.onForeseen && foresight.trusts(act) ? heard.onForeseen : undefined, judge: undefined };
      told ||= waiting.foreseen.hear !== undefined;
    }
    if (!told) return;
    setImmediate(() => {
      for (const { foreseen } of batch) {
        if (foreseen?.hear) foreseen.judge = foreseen.hear(foreseen.outcome);
      }
    });
  }

  /** Tells whether what was foreseen is what came. */
  #compare({ act, foreseen }: Waiting<Performed>, outcome: AnyOutcome | undefined): void {
    const right = this.#foresight?.learn(act, foreseen?.outcome, outcome) ?? false;
    if (!foreseen) return;
    const { judge } = foreseen;
    foreseen.hear = foreseen.judge = undefined;
    judge?.(right);
  }

  /** Of what is still on its way when it is there. */
  #tell(acts: readonly Performed[], outcomes: readonly (AnyOutcome | Promise<AnyOutcome>)[], startedAt: number): void {
    const notes = this.#notes;
    if (!notes?.heard) return;
    const tell = (known: readonly (readonly [Performed, AnyOutcome])[]) =>
      notes.tell({ acts: known.map(([act]) => act), outcomes: known.map(([, outcome]) => outcome), ms: performance.now() - startedAt });
    const known: (readonly [Performed, AnyOutcome])[] = [];
    for (const [index, act] of acts.entries()) {
      const outcome = outcomes[index] as AnyOutcome | Promise<AnyOutcome>;
      if (!(outcome instanceof Promise)) known.push([act, outcome]);
      else
        outcome.then(
          (late) => tell([[act, late]]),
          () => {},
        );
    }
    tell(known);
  }
}

/** The end of a delivery is waited for by nobody; it goes with the next write, which in a busy process comes within the millisecond. */
function isUrgent(act: AnyAct): boolean {
  return act.kind !== 'settle' || act.result.kind !== 'done';
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
