import { type Clock, systemClock } from '../../src/base/clock.ts';
import { Database, type Sending } from '../../src/postgres/database.ts';
import { isConnectionLoss } from '../../src/postgres/errors.ts';
import { createPostgresStore } from '../../src/postgres/store.ts';
import type { Databases } from './databases.ts';
import { faultyWire, type Server } from './faulty-wire.ts';

// Of its eight connections: the others are for what is not held.
const mostHeld = 6;

/**
 * A schema of a real server that the stores of all processes share, and its connections with it: a statement is performed when it arrives,
 * and no two are at the same time, but for transactions that stand still.
 */
export async function openPostgresDatabases(url: string): Promise<Databases> {
  const schema = `simulation_${process.pid}`;
  const made = createPostgresStore({ url, schema, clock: systemClock });
  await made.open();
  await made.close();
  const own = new URL(url);
  own.searchParams.set('options', `-c search_path=${schema} -c lock_timeout=10ms`);
  const db = new Database({ url: own.href, schema, clock: systemClock });
  db.useNamedStatements();
  await waitInVain(db, schema);
  const tables = await db.send<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 and tablename <> 'pawl_meta'`,
    [schema],
  );
  const held = new Set<() => Promise<unknown>>();
  const server: Server = {
    perform: ({ sql, parameters }) => orNothing(db.send(sql, parameters)),
    get canHold() {
      return held.size < mostHeld;
    },
    hold,
  };

  async function hold<R>({ sql, parameters }: Sending) {
    const client = await db.connect();
    const end = async (how: 'commit' | 'rollback') => {
      held.delete(rollback);
      await client.query(how);
      client.release();
    };
    const rollback = () => end('rollback');
    held.add(rollback);
    try {
      await client.query('begin');
      return { rows: await orNothing(db.sendOn<R>(client, sql, parameters)), commit: () => end('commit') };
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  async function letGo(): Promise<void> {
    for (const rollback of held) await rollback();
  }

  let current: Clock = systemClock;
  const clock: Clock = { now: () => current.now(), monotonic: () => current.monotonic(), after: (...call) => current.after(...call) };
  return {
    useClock(next) {
      current = next;
    },
    storeOf(place) {
      const store = createPostgresStore({ url, schema, clock, wire: faultyWire(server, place) });
      // There is nothing to connect.
      return { ...store, open: async () => {} };
    },
    async empty() {
      await letGo();
      await db.send(`truncate ${tables.map(({ name }) => name).join(', ')}`);
    },
    all: (sql) => db.send(sql),
    async close() {
      await letGo();
      await db.send(`drop schema "${schema}" cascade`);
      await db.close();
    },
  };
}

/** Where the server itself is lost, whatever the simulation says is of no use. */
function orNothing<R>(work: Promise<R>): Promise<R> {
  return work.catch((error: unknown) => {
    if (!isConnectionLoss(error)) throw error;
    console.error('The server of the simulation does not answer:', error);
    process.exit(1);
  });
}

/** Whoever has a lock here stands still as long as the time of the simulation does: there is nothing to wait for. */
async function waitInVain(db: Database, schema: string): Promise<void> {
  const functions = await db.send<{ text: string }>(
    `select pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1`,
    [schema],
  );
  for (const { text } of functions) {
    const hasty = text.replaceAll(/('lock_timeout'|lock_timeout TO) ?,? ?'(\d+m?s)'/gi, (all, _, patience: string) =>
      all.replace(patience, '10ms'),
    );
    if (hasty !== text) await db.send(hasty);
  }
}
