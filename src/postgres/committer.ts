import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { unavailable } from '../world/errors.ts';
import type { Outcome } from '../world/port.ts';
import { type BatchAct, encodeBatch, runOf } from './batch.ts';
import { type Database, patienceMs, pause } from './database.ts';
import { answerLost, isConnectionLoss, isRolledBack, sqlState, toWorldError } from './errors.ts';
import { concernsOthers, decodeOutcome, type OutcomeRow } from './outcomes.ts';
import type { ServerClock } from './server-clock.ts';

export interface CommitterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** What leases are judged by instead of the clock of the server. */
  readonly leaseClock: () => number | null;
  readonly sync: 'full' | 'normal';
  /** Something was committed that other processes may wait for. */
  readonly onShared: () => void;
}

const statement = `
  select o_act as act, o_held as held, o_seq as seq, o_at as at, o_detail as detail, o_bytes as bytes
  from pawl.pawl_commit_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

// Rows that precede the outcomes: the clock of the server, and "this batch was committed before".
const clockRow = -1;
const repeatedRow = -2;

/**
 * Sends batches to the committer in the database, each one round trip and one transaction. A batch whose answer got lost with its connection
 * is sent again under the same number: it is performed exactly once, or known to have been.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #writer = `wtr_${randomUUID()}`;
  #batches = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** The outcomes in order; that of an act whose run another process has locked is still on its way, and holds up no other. */
  async transact(acts: readonly BatchAct[]): Promise<readonly Outcome[]> {
    const fence: Fence = { writer: this.#writer, batch: (this.#batches += 1) };
    const rows = await this.#send(acts, { fence, wait: false });
    const busy = acts.filter((_, index) => rows.get(index)?.held === null);
    const later = new Map([...groupByRun(busy)].flatMap(([, group]) => this.#waitFor(group)));
    const outcomes = acts.map((act, index) => later.get(act) ?? decodeOutcome(act, rows.get(index) as OutcomeRow));
    this.#announce(acts, outcomes);
    // Whoever resolves with a promise waits for it: GroupCommit does.
    return outcomes as readonly Outcome[];
  }

  /** Waits for the lock of one run, on a connection of its own. */
  #waitFor(acts: readonly BatchAct[]): [BatchAct, Promise<Outcome>][] {
    const rows = this.#send(acts, { fence: undefined, wait: true });
    return acts.map((act, index) => {
      const outcome = rows.then((found) => decodeOutcome(act, found.get(index) as OutcomeRow));
      void outcome.then(
        (known) => this.#announce([act], [known]),
        () => {},
      );
      return [act, outcome];
    });
  }

  #announce(acts: readonly BatchAct[], outcomes: readonly (Outcome | Promise<Outcome>)[]): void {
    const shared = acts.some((act, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && !(outcome instanceof Promise) && concernsOthers(act, outcome);
    });
    if (shared) this.#options.onShared();
  }

  async #send(acts: readonly BatchAct[], { fence, wait }: Sending): Promise<Map<number, OutcomeRow>> {
    const { db, clock, serverClock, leaseClock, sync } = this.#options;
    const { shards, runs, acts: encoded, bytes } = encodeBatch(acts);
    const deadline = clock.monotonic() + patienceMs;
    let unanswered = false;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const sentAt = clock.monotonic();
      try {
        const parameters = [fence?.writer ?? null, fence?.batch ?? 0, 0, wait, leaseClock(), sync, shards, runs, encoded, bytes];
        const rows = await db.send<OutcomeRow>(statement, parameters);
        const [first, second] = rows;
        if (first?.act === clockRow) serverClock.observe(Number(first.at), sentAt);
        if (second?.act === repeatedRow) throw answerLost(db.name);
        return new Map(rows.map((row) => [row.act, row]));
      } catch (error) {
        const lost = isConnectionLoss(error);
        unanswered ||= lost && wasSent(error);
        const repeatable = isRolledBack(error) || (lost && (fence !== undefined || !unanswered));
        if (repeatable && clock.monotonic() + pauseMs < deadline) {
          await pause(pauseMs);
          continue;
        }
        if (lost && unanswered)
          throw unavailable(
            `The connection to PostgreSQL at ${db.name.where} broke before a commit was answered; it may have been committed. Read before you repeat.`,
            error,
          );
        // Too much at once for the time that a statement may take: halves are tried before it is given up.
        if (acts.length > 1 && sqlState(error) === '57014') throw error;
        throw toWorldError(error, db.name);
      }
    }
  }
}

interface Fence {
  readonly writer: string;
  readonly batch: number;
}

interface Sending {
  readonly fence: Fence | undefined;
  readonly wait: boolean;
}

function groupByRun(acts: readonly BatchAct[]): Map<string, BatchAct[]> {
  const groups = new Map<string, BatchAct[]>();
  for (const act of acts) {
    const runId = runOf(act)[0]?.runId ?? '';
    groups.set(runId, [...(groups.get(runId) ?? []), act]);
  }
  return groups;
}

/** False where no connection was made at all, so that nothing can have arrived. */
function wasSent(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENOENT' || code === '57P03' || code === '53300')
    return false;
  return !/timeout exceeded when trying to connect/.test(String(message));
}
