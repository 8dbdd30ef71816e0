import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { fnv1a } from '../base/hash.ts';
import type { FlowOutcome } from '../world/flow-port.ts';
import type { Outcome } from '../world/port.ts';
import { shardOf } from '../world/shard.ts';
import { type BatchAct, encodeBatch, runsOf } from './batch.ts';
import { type Database, patienceMs } from './database.ts';
import { answerLost, isConnectionLoss, isRolledBack, isTlsRefusal, sqlState, toWorldError } from './errors.ts';
import { concernsOthers, decodeOutcome, type OutcomeRow, parentOf } from './outcomes.ts';
import type { ServerClock } from './server-clock.ts';

export interface CommitterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** The time that Worlds go by. */
  readonly now: () => number;
  /** What leases are judged by instead of the clock of the server. */
  readonly leaseClock: () => number | null;
  readonly sync: 'full' | 'normal';
  /** Batches are of one shard each. */
  readonly citus: () => boolean;
  /** Something was committed that other processes may wait for. */
  readonly onShared: () => void;
}

const statement = `
  select o_act as act, o_held as held, o_seq as seq, o_at as at, o_detail as detail, o_bytes as bytes
  from pawl.pawl_commit_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

// Precedes the outcomes: the clock of the server, and what is still unsure.
export const clockRow = -1;
const committedBefore = 'PW001';

/**
 * One row in the table of writers, in each shard: its batches are numbered, and sent one after the other. After one of unknown fate it goes on
 * under another name, so that no session that stands still holds its row.
 */
interface Writer {
  writer: string;
  batch: number;
}

interface UnsureBatch extends Readonly<Writer> {
  readonly shard: number;
}

export interface Way {
  /** Of all acts of the batch; 0 where one server has all shards. */
  readonly shard?: number;
  /** Each may have a batch under way, on Citus one in each shard. */
  readonly lane?: number;
}

/** Sends what waits for locks, one run after the other. */
interface Waiter extends Writer {
  last: Promise<unknown>;
}

// They have connections of their own meanwhile, and most are needed for what does not wait.
const waiterCount = 3;
const clearAfterMs = 100;
/** While the server performs the batch of one lane, this process prepares that of another. */
export const laneCount = 2;
/** On Citus, for what is asked of one shard after the other. */
export const scatterLane = 2;

/**
 * Sends batches to the committer in the database, each one round trip and one transaction. A batch whose answer got lost with its connection
 * is sent again under the same number: it is performed exactly once. Where it turns out to have been, or the server stays away, its callers
 * get a 503, and what it may have leased is given back by the next batch.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #name = `wtr_${randomUUID()}`;
  readonly #lanes: readonly Writer[] = Array.from({ length: scatterLane + 1 }, (_, lane) => ({
    writer: `${this.#name}/${lane}`,
    batch: 0,
  }));
  readonly #waiters: readonly Waiter[] = Array.from({ length: waiterCount }, (_, index) => ({
    writer: `${this.#name}-${index}`,
    batch: 0,
    last: Promise.resolve(),
  }));
  readonly #clearer: Writer = { writer: `${this.#name}+`, batch: 0 };
  #unsure: readonly UnsureBatch[] = [];
  #renamed = 0;
  #clearing: Promise<void> | undefined;
  /** Ends the pauses of whoever clears. */
  readonly #closing = new AbortController();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is under way that nobody waits for. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#clearing;
  }

  /** Where batches of unknown fate may have leased something. */
  get unsureShards(): readonly number[] {
    return [...new Set(this.#unsure.map(({ shard }) => shard))];
  }

  /** The outcomes in order; that of an act whose run another process has locked is still on its way, and holds up no other. */
  async transact(acts: readonly BatchAct[], { shard = 0, lane = 0 }: Way = {}): Promise<readonly (AnyOutcome | Promise<AnyOutcome>)[]> {
    const rows = await this.#send(acts, { from: this.#lanes[lane] as Writer, shard, wait: false });
    const busy = acts.filter((_, index) => rows.get(index)?.held === null);
    const later = new Map([...groupByRun(busy)].flatMap(([runId, group]) => this.#waitFor(runId, group, shard)));
    const outcomes = acts.map((act, index) => later.get(act) ?? this.#finish(act, rows.get(index) as OutcomeRow));
    this.#announce(acts, outcomes);
    return outcomes;
  }

  /** The outcome; of the end of a run of code when the execution that waits for it has been told. */
  #finish(act: BatchAct, row: OutcomeRow): AnyOutcome | Promise<AnyOutcome> {
    const outcome = decodeOutcome(act, row);
    const parentId = parentOf(act, row);
    if (act.kind !== 'write' || parentId === undefined) return outcome;
    return this.tell([{ childId: act.transition.runId, parentId }]).then(() => outcome);
  }

  /** Tells parents that their runs of code ended. What fails here is told by the next sweep: its cause stays until it is done. */
  async tell(ends: readonly ChildOf[]): Promise<void> {
    const told = ends.map(({ childId, parentId }) => {
      const act = { kind: 'settleCode', childId, parentId, now: this.#options.now() } as const;
      const [[, outcome]] = this.#waitFor(parentId, [act], this.#options.citus() ? shardOf(parentId) : 0) as [
        [BatchAct, Promise<AnyOutcome>],
      ];
      return outcome.catch(() => {});
    });
    await Promise.all(told);
  }

  /** Waits for the lock of one run, on another connection than the batches. */
  #waitFor(runId: string, acts: readonly BatchAct[], shard: number): [BatchAct, Promise<AnyOutcome>][] {
    const from = this.#waiters[fnv1a(runId) % waiterCount] as Waiter;
    const rows = from.last.then(() => this.#send(acts, { from, shard, wait: true }));
    from.last = rows.catch(() => {});
    return acts.map((act, index) => {
      const outcome = rows.then((found) => this.#finish(act, found.get(index) as OutcomeRow));
      void outcome.then(
        (known) => this.#announce([act], [known]),
        () => {},
      );
      return [act, outcome];
    });
  }

  #announce(acts: readonly BatchAct[], outcomes: readonly (AnyOutcome | Promise<AnyOutcome>)[]): void {
    const shared = acts.some((act, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && !(outcome instanceof Promise) && concernsOthers(act, outcome);
    });
    if (shared) this.#options.onShared();
  }

  /** What the batch may have leased is given back at once: where it was all the work there is, no other batch comes to do so. */
  #doubt(batch: UnsureBatch, from: Writer, acts: readonly BatchAct[]): void {
    // One that only clears has leased nothing.
    if (acts.length > 0) this.#unsure = [...this.#unsure, batch];
    from.writer = `${this.#name}.${(this.#renamed += 1)}`;
    from.batch = 0;
    this.#clearing ??= this.#clear().finally(() => (this.#clearing = undefined));
  }

  async #clear(): Promise<void> {
    // Whoever is about to be told that his batch failed comes first.
    await this.#rest(clearAfterMs);
    while (this.#unsure[0] && !this.#closing.signal.aborted) {
      const { shard } = this.#unsure[0];
      await this.#send([], { from: this.#clearer, shard, wait: false }).catch(() => {});
      if (this.#unsure.length > 0) await this.#rest(clearAfterMs);
    }
  }

  /** A pause that nobody waits for: it must not hold the process open, nor a close up. */
  async #rest(ms: number): Promise<void> {
    await pause(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
  }

  async #send(acts: readonly BatchAct[], { from, shard, wait }: Sending): Promise<Map<number, OutcomeRow>> {
    const { db, clock, serverClock, leaseClock, sync, citus } = this.#options;
    const { shards, runs, acts: encoded, bytes } = encodeBatch(acts, { citus: citus() });
    const sent: UnsureBatch = { shard, writer: from.writer, batch: (from.batch += 1) };
    const unsure = this.#unsure.filter((batch) => batch.shard === shard);
    const givenBack = unsure.length === 0 ? null : JSON.stringify(unsure.map((batch) => ({ ...batch, later: true })));
    const deadline = clock.monotonic() + patienceMs;
    let unanswered = false;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const sentAt = clock.monotonic();
      try {
        const parameters = [sent.writer, sent.batch, givenBack, shard, wait, leaseClock(), sync, shards, runs, encoded, bytes];
        const rows = await db.send<OutcomeRow>(statement, parameters, acts);
        const outcomes = new Map(rows.map((row) => [row.act, row]));
        const { at, detail } = outcomes.get(clockRow) as OutcomeRow;
        if (unsure.length > 0) this.#unsure = this.#unsure.filter((batch) => !unsure.includes(batch) || isAmong(detail, batch));
        serverClock.observe(Number(at), sentAt);
        return outcomes;
      } catch (error) {
        // Nodes of Citus lose each other as well, and then say only that something went wrong.
        const lost = isConnectionLoss(error) || (citus() && sqlState(error) === 'XX000');
        unanswered ||= lost && wasSent(error);
        const goesOn = acts.length > 0 || !this.#closing.signal.aborted;
        if ((lost || isRolledBack(error)) && goesOn && clock.monotonic() + pauseMs < deadline) {
          await (acts.length > 0 ? pause(pauseMs) : this.#rest(pauseMs));
          continue;
        }
        const committed = sqlState(error) === committedBefore;
        if (unanswered) this.#doubt(sent, from, acts);
        if (committed || unanswered) throw answerLost(db.name, committed ? 'was' : 'may have been', error);
        // Something other than a run is locked by somebody: halves are tried, until the act that needs it is alone. Who waits for a run has
        // nothing to halve.
        if (!wait && acts.length > 1 && sqlState(error) === '55P03') throw error;
        throw toWorldError(error, db.name);
      }
    }
  }
}

export type AnyOutcome = Outcome | FlowOutcome;

export interface ChildOf {
  readonly childId: string;
  readonly parentId: string;
}

interface Sending {
  readonly from: Writer;
  readonly shard: number;
  readonly wait: boolean;
}

function groupByRun(acts: readonly BatchAct[]): Map<string, BatchAct[]> {
  const groups = new Map<string, BatchAct[]>();
  for (const act of acts) {
    const runId = runsOf(act)[0]?.runId ?? '';
    groups.set(runId, [...(groups.get(runId) ?? []), act]);
  }
  return groups;
}

/** Whether the server has left it as it is, for its session is at its very end. */
function isAmong(left: unknown, { writer, batch }: UnsureBatch): boolean {
  return ((left ?? []) as readonly Writer[]).some((other) => other.writer === writer && other.batch === batch);
}

/** False where no connection was made at all, so that nothing can have arrived, or where the server wrote nothing. */
function wasSent(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return !neverSent.has(code ?? '') && !isTlsRefusal(error) && !/timeout exceeded when trying to connect/.test(String(message));
}

const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', '57P03', '53300', '25006']);
