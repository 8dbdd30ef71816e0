import { type Clock, systemClock } from '../base/clock.ts';
import { CommitNotes } from '../store/commit-notes.ts';
import type { Act, Heard, Outcome, OutcomeOf, Store } from '../world/port.ts';
import type { ThreadBeat } from '../world/thread-beat.ts';
import { ByShard } from './by-shard.ts';
import { listDueKeyIds, nextDueAt } from './claim.ts';
import { Committer } from './committer.ts';
import { listUntoldEnds } from './children.ts';
import { Database, type QueryNote, type Wire } from './database.ts';
import { toOpenError, unsupportedVersion } from './errors.ts';
import { getEvent, listEvents, listEventsByCorrelation, readPayloads } from './events.ts';
import { commitFlowAct } from './flow-acts.ts';
import { flowReads } from './flow-reads.ts';
import { getHook, getHookByToken, listHooks } from './hooks.ts';
import { Hints } from './listen.ts';
import { Lanes } from './lanes.ts';
import { listInbox, withdraw } from './messages.ts';
import { isDistributed, migrate } from './migrate.ts';
import { appendAudit, operatorReads } from './operator-reads.ts';
import { countPrunable, prune } from './retention.ts';
import { countOpenRuns, getRun, listRuns } from './runs.ts';
import { ServerClock } from './server-clock.ts';
import { loadState } from './state.ts';
import { countBurst, getStep, listSteps } from './steps.ts';
import { getStream, listStreams, readChunks } from './streams.ts';
import { hasDeadWorkers, listDead, listWorkers, renewal } from './workers.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with the options that libpq knows. */
  readonly url: string;
  /** Made if it is not there. */
  readonly schema: string;
  /** Any clock but the system's is taken for the time itself; with the system's, the clock of the server is. */
  readonly clock: Clock;
  /** `full` (the default) survives a power cut of the server; `normal` may lose the last moment before one. */
  readonly sync?: 'full' | 'normal';
  /** Distributes the tables by the extension Citus, if they are not yet. What is distributed stays so, and is found out by itself. */
  readonly citus?: boolean;
  /** Told of every statement: each is one round trip. */
  readonly onQuery?: (note: QueryNote) => void;
  /** Used instead of connections, for a schema that is there and a store that is not opened: nobody listens for hints of others then. */
  readonly wire?: Wire;
}

/** What a client needs that is made in another thread: no object of ours goes there. */
function threadBeat(db: Database): ThreadBeat {
  const { types: _, ...connection } = db.connection();
  const options = { connection: { ...connection, application_name: 'pawl heartbeat' }, statement: db.text(renewal) };
  return { module: new URL('./thread-beat.js', import.meta.url).href, options };
}

const oldestVersion = 130_000;

/** The World's store in a schema of a PostgreSQL database that any number of processes share. */
export function createPostgresStore({ url, schema, clock, sync = 'full', citus = false, onQuery, wire }: PostgresStoreOptions): Store {
  const db = new Database({ url, schema, clock, onQuery, wire });
  const serverClock = new ServerClock(clock);
  const hints = new Hints(db);
  const ownTime = clock !== systemClock;
  const leaseClock = () => (ownTime ? clock.monotonic() : null);
  const now = () => (ownTime ? clock.now() : serverClock.now());
  const committer = new Committer({
    db,
    clock,
    serverClock,
    now,
    leaseClock,
    sync,
    citus: () => distributed,
    onShared: () => hints.tell(),
  });
  const byShard = new ByShard({ db, committer, listDead: () => listDead(db, leaseClock()) });
  let distributed = false;
  const notes = new CommitNotes();
  const lanes = new Lanes((acts, lane) => (distributed ? byShard.transact(acts, lane) : committer.transact(acts, { lane })), notes, clock);
  let closed = false;

  async function open(): Promise<void> {
    try {
      const sentAt = clock.monotonic();
      const client = await db.connect();
      let pooled = true;
      try {
        const { rows } = await client.query<{ version: number; pid: number; at: number }>(
          `select current_setting('server_version_num')::int as version, pg_backend_pid() as pid,
                  (extract(epoch from clock_timestamp()) * 1000)::bigint as at`,
        );
        const [server] = rows;
        if (!server || server.version < oldestVersion) throw unsupportedVersion(db.name, server?.version ?? 0);
        serverClock.observe(server.at, sentAt);
        // A pooler gives its clients numbers of its own.
        pooled = (client as unknown as { processID: number }).processID !== server.pid;
      } finally {
        client.release();
      }
      await migrate(db, { citus });
      distributed = await isDistributed(db);
      if (!pooled) {
        db.useNamedStatements();
        hints.enable();
      }
    } catch (error) {
      hints.close();
      await db.close();
      throw toOpenError(error, db.name);
    }
  }

  return {
    open,
    async close() {
      if (closed) return;
      closed = true;
      await lanes.close();
      await committer.close();
      hints.close();
      await db.close();
    },
    now,
    commit: <A extends Act>(act: A, heard?: Heard<OutcomeOf<A>>) => commit(act, heard) as Promise<OutcomeOf<A>>,
    loadState: (key) => loadState(db, key),
    getRun: (runId) => getRun(db, runId),
    listRuns: (query) => listRuns(db, query),
    getStep: (runId, stepId) => getStep(db, runId, stepId),
    listSteps: (query) => listSteps(db, query),
    countBurst: (runId) => countBurst(db, runId),
    getEvent: (runId, seq) => getEvent(db, runId, seq),
    listEvents: (query) => listEvents(db, query),
    listEventsByCorrelation: (query) => listEventsByCorrelation(db, query),
    readPayloads: (keys) => readPayloads(db, keys),
    getHook: (hookId) => getHook(db, hookId),
    getHookByToken: (token) => getHookByToken(db, token),
    listHooks: (query) => listHooks(db, query),
    listInbox: (runId) => listInbox(db, runId),
    getStream: (name) => getStream(db, name),
    listStreams: (runId) => listStreams(db, runId),
    readChunks: (name, from, limit) => readChunks(db, name, from, limit),
    nextDueAt: (filter, until) => nextDueAt(db, filter, { from: 0, until }),
    listDueKeyIds: (at) => listDueKeyIds(db, at),
    listWorkers: () => listWorkers(db, leaseClock()),
    hasDeadWorkers: () => hasDeadWorkers(db, leaseClock()),
    getSetting: (key) => getSetting(key),
    countPrunable: (query) => countPrunable(db, query),
    countOpenRuns: () => countOpenRuns(db),
    operator: operatorReads(db),
    flows: { commit: (act) => commitFlowAct(db, act, (locked) => lanes.of(locked).commit(locked)), ...flowReads(db) },
    threadBeat: ownTime ? undefined : threadBeat(db),
    onCommit: (listener) => notes.listen(listener),
    onForeignCommit: (listener) => hints.listen(listener),
  };

  function commit(act: Act, heard?: Heard<Outcome>): Promise<Outcome> {
    switch (act.kind) {
      case 'prune':
        return prune(db, act);
      case 'audit':
        return appendAudit(db, act);
      case 'withdraw':
        return withdraw(db, act);
      case 'reap':
        return lanes.first.commit(act).then(async (reaped) => {
          await committer.tell(await listUntoldEnds(db));
          return reaped;
        });
      default:
        return lanes.first.commit(act, heard);
    }
  }

  async function getSetting(key: string): Promise<string | undefined> {
    const [row] = await db.query<{ value: string }>('select value from pawl.pawl_meta where key = $1', [key]);
    return row?.value;
  }
}
