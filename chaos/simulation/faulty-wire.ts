import { clockRow } from '../../src/postgres/committer.ts';
import type { Sending, Wire } from '../../src/postgres/database.ts';
import { sqlState } from '../../src/postgres/errors.ts';
import { decodeOutcome, type OutcomeRow } from '../../src/postgres/outcomes.ts';
import type { BatchAct } from '../../src/postgres/batch.ts';
import type { AnyAct } from '../../src/world/any-act.ts';
import type { Before, Place } from './databases.ts';

/** A server with as many sessions as are needed. A statement that would have to wait for another session fails at once. */
export interface Server {
  perform<R>(sending: Sending): Promise<R[]>;
  /** Whether it has a session left for that. */
  readonly canHold: boolean;
  /** Performs it in a transaction that stands still at its very end, until it is told to go on. */
  hold<R>(sending: Sending): Promise<Held<R>>;
}

export interface Held<R> {
  readonly rows: R[];
  commit(): Promise<unknown>;
}

interface Passage {
  readonly sentAt: number;
  readonly afterMs: number;
  readonly heldMs: number;
}

// As long as a statement waits for a lock, which nobody gives up in the meantime: its server says so at once.
const lockPatienceMs = 1_500;
// As long as a client waits for an answer, where nothing says that its connection is gone.
const silenceMs = 20_000;

/**
 * The way of one process to a server of PostgreSQL. Each statement takes its time there and back, on a connection of its own. What was sent
 * arrives, whatever becomes of who sent it: where the connection breaks, maybe long after he was told so, and after what he sent since.
 */
export function faultyWire(
  server: Server,
  { process, time, fates, hints, onCommitted, onHeld, onSilence, onRefused }: Omit<Place, 'slot'>,
): Wire {
  return async function carry<R>(sending: Sending): Promise<R[]> {
    fates.strike(process);
    const refused = fates.refuses();
    if (refused && !fates.arrives()) {
      await time.sleep(fates.latencyMs());
      throw lost('ECONNREFUSED');
    }
    const breaks = refused || fates.losesAnswer();
    const lateMs = breaks ? fates.latenessMs() : 0;
    const heldMs = sending.acts ? fates.heldMs() : 0;
    const answer = arrive<R>(sending, { sentAt: time.now, afterMs: fates.latencyMs() + lateMs, heldMs });
    const isAway = lateMs + heldMs > 0;
    if (heldMs > silenceMs || (breaks && isAway)) {
      answer.catch(() => {});
      if (!breaks) onSilence(silenceMs);
      await time.sleep(breaks ? fates.latencyMs() : silenceMs);
      throw lost('ECONNRESET');
    }
    await answer.catch((error: unknown) => {
      // What somebody else stands still with.
      if (sqlState(error) === '55P03') onRefused();
    });
    fates.strike(process);
    await time.sleep(fates.latencyMs());
    if (breaks) throw lost('ECONNRESET');
    return answer;
  };

  /** Nobody's while it is under way. */
  function arrive<R>(sending: Sending, { sentAt, afterMs, heldMs }: Passage): Promise<R[]> {
    return time.outside(async () => {
      await time.sleep(afterMs);
      if (heldMs === 0 || !server.canHold) return commit(sending, await done(() => server.perform<R>(sending)), { sentAt });
      const { rows, commit: goOn } = await done(() => server.hold<R>(sending));
      const performedAt = time.now;
      const isOver = onHeld((sending.acts ?? []).filter(isTold), heldMs);
      await time.sleep(heldMs);
      await time.standStill(goOn);
      isOver();
      return commit(sending, rows, { sentAt, performedAt });
    });
  }

  async function done<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await time.standStill(work);
    } catch (error) {
      if (sqlState(error) === '55P03') await time.sleep(lockPatienceMs);
      throw error;
    }
  }

  function commit<R>({ acts }: Sending, rows: R[], before: Before): R[] {
    if (!acts) return rows;
    for (const row of rows as unknown as OutcomeRow[]) {
      const act = acts[row.act];
      if (row.act === clockRow || row.held === null || !act || !isTold(act)) continue;
      onCommitted(process, act, decodeOutcome(act, row), before);
    }
    hints.tell(process, time, fates);
    return rows;
  }

  function lost(code: 'ECONNREFUSED' | 'ECONNRESET'): Error {
    onRefused();
    return Object.assign(new Error(`${code} (simulated)`), { code });
  }
}

/** Told to an execution is what a run of code has ended with: on SQLite that is part of another act. */
function isTold(act: BatchAct): act is BatchAct & AnyAct {
  return act.kind !== 'settleCode';
}
