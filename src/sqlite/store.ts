import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { CommitNotes } from '../store/commit-notes.ts';
import { GroupCommit } from '../store/group-commit.ts';
import { isUnavailable, unavailable } from '../world/errors.ts';
import type { FlowAct, FlowOutcome } from '../world/flow-port.ts';
import type { Act, Outcome, State, StateKey, Store } from '../world/port.ts';
import type { ThreadBeat } from '../world/thread-beat.ts';
import { perform } from './acts.ts';
import { currentBoot } from './boot.ts';
import { listDueKeyIds } from './claim.ts';
import { Connection } from './connection.ts';
import { copyDatabase } from './copy-database.ts';
import { driverModule, loadDriver } from './driver.ts';
import { nextDueAt } from './due.ts';
import { fileMoved, toWorldError } from './errors.ts';
import { ForeignCommits } from './foreign-commits.ts';
import { flowReads } from './flow-reads.ts';
import { getEvent, listEvents, listEventsByCorrelation, readPayload } from './events.ts';
import { getHook, getHookByToken, getHookOfRun, getTokenHolder, listHooks } from './hooks.ts';
import { LogFile } from './log-file.ts';
import { listInbox } from './messages.ts';
import { migrate, readSchema } from './migrate.ts';
import { NamedFile } from './named-file.ts';
import { operatorReads } from './operator-reads.ts';
import { countPrunable } from './retention.ts';
import { countOpenRuns, getRun, listRuns } from './runs.ts';
import { countBurst, getStep, listSteps } from './steps.ts';
import { getStream, listStreams, readChunks } from './streams.ts';
import { getWait, listOpenWaits } from './waits.ts';
import { commitPatienceMs, openPatienceMs, whenFree } from './when-free.ts';
import { listDead, listWorkers, renewal } from './workers.ts';

export interface SqliteStoreOptions {
  /** A file, made with its folder if it is not there, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  /** `full` (the default) survives a power cut; `normal` survives a crash of the process only. */
  readonly sync?: 'full' | 'normal';
}

// A checkpoint waits for the disk twice, and a page that is busy is written to the file once for each: 16 MiB of log between them.
const pagesPerCheckpoint = 4_000;
const cacheKiB = 32 * 1024;

/** The World's store in one SQLite file: one connection that writes, one that reads, several processes at once. */
export function createSqliteStore({ path, clock, sync = 'full' }: SqliteStoreOptions): Store {
  const inMemory = path === ':memory:';
  let writer: Connection | undefined;
  let reader: Connection | undefined;
  let log: LogFile | undefined;
  let named: NamedFile | undefined;
  let syncFailed = false;
  let closed = false;
  const notes = new CommitNotes();
  const foreign = new ForeignCommits(() => opened(writer));
  const group = new GroupCommit<Act | FlowAct>({ transact, notes, ...(inMemory || sync === 'normal' ? {} : { makeDurable }) });

  async function transact(acts: readonly (Act | FlowAct)[]): Promise<readonly (Outcome | FlowOutcome)[]> {
    const db = opened(writer);
    await whenFree(() => db.run('begin immediate'), { path, clock, patienceMs: commitPatienceMs });
    try {
      if (!inMemory) (log ??= new LogFile(path)).reserve();
      const boot = currentBoot(clock);
      const outcomes = acts.map((act) => perform(db, act, boot));
      if (isMoved()) throw fileMoved(path);
      db.run('commit');
      return outcomes;
    } catch (error) {
      db.rollback();
      throw explained(error);
    }
  }

  async function makeDurable(busy: boolean): Promise<void> {
    try {
      if (syncFailed) foldLogIntoFile(opened(writer));
      syncFailed = false;
      await log?.sync(busy);
    } catch (error) {
      syncFailed = true;
      throw unavailable(`The database ${path} cannot be used: the disk did not keep what was written to it.`, error);
    }
  }

  async function read<T>(query: (db: Connection) => T): Promise<T> {
    const db = opened(reader);
    try {
      return query(db);
    } catch (error) {
      throw explained(error);
    }
  }

  function isMoved(): boolean {
    return named?.isInPlace() === false;
  }

  /** Where the file went, SQLite says anything: that its log cannot be found, or that the disk has failed. */
  function explained(error: unknown): unknown {
    return isMoved() && !isUnavailable(error) ? fileMoved(path, error) : toWorldError(error, path);
  }

  function opened(connection: Connection | undefined): Connection {
    if (closed || !connection) throw unavailable(`The database ${path} is ${closed ? 'closed' : 'not open'}.`);
    return connection;
  }

  async function open(): Promise<void> {
    const openDatabase = await loadDriver();
    try {
      if (!inMemory) mkdirSync(dirname(path), { recursive: true });
      const db = (writer = new Connection(openDatabase(path)));
      named = new NamedFile(path);
      const waiting = { path, clock, patienceMs: openPatienceMs };
      db.exec('pragma busy_timeout = 0');
      // Before anything of it is changed: the file may be another program's.
      await whenFree(() => readSchema(db, path), waiting);
      await whenFree(() => db.exec('pragma journal_mode = wal'), waiting);
      // SQLite syncs what a checkpoint needs; that a commit is on the disk before it is acknowledged is `makeDurable`.
      db.exec('pragma synchronous = normal');
      db.exec(`pragma wal_autocheckpoint = ${pagesPerCheckpoint}`);
      db.exec(`pragma cache_size = -${cacheKiB}`);
      db.exec('pragma foreign_keys = on');
      await migrate(db, { path, clock, copyTo: (file) => copyDatabase(openDatabase, path, file) });
      reader = inMemory ? db : new Connection(openDatabase(path, { readOnly: true }));
      if (!inMemory) reader.exec('pragma busy_timeout = 5000');
    } catch (error) {
      closeConnections();
      throw toWorldError(error, path);
    }
  }

  function closeConnections(): void {
    log?.close();
    log = undefined;
    if (reader !== writer) reader?.close();
    writer?.close();
    reader = writer = undefined;
  }

  return {
    open,
    async close() {
      if (closed) return;
      await group.close();
      closed = true;
      if (writer) leaveWhole(writer);
      closeConnections();
    },
    now: () => clock.now(),
    commit: (act, heard) => group.commit(act, heard),
    loadState: (key) => read((db) => loadState(db, key)),
    getRun: (runId) => read((db) => getRun(db, runId)),
    listRuns: (query) => read((db) => listRuns(db, query)),
    getStep: (runId, stepId) => read((db) => getStep(db, runId, stepId)),
    listSteps: (query) => read((db) => listSteps(db, query)),
    countBurst: (runId) => read((db) => countBurst(db, runId)),
    getEvent: (runId, seq) => read((db) => getEvent(db, runId, seq)),
    listEvents: (query) => read((db) => listEvents(db, query)),
    listEventsByCorrelation: (query) => read((db) => listEventsByCorrelation(db, query)),
    readPayloads: (keys) => read((db) => keys.map((key) => readPayload(db, key))),
    getHook: (hookId) => read((db) => getHook(db, hookId)),
    getHookByToken: (token) => read((db) => getHookByToken(db, token)),
    listHooks: (query) => read((db) => listHooks(db, query)),
    listInbox: (runId) => read((db) => listInbox(db, runId)),
    getStream: (name) => read((db) => getStream(db, name)),
    listStreams: (runId) => read((db) => listStreams(db, runId)),
    readChunks: (name, from, limit) => read((db) => readChunks(db, name, from, limit)),
    nextDueAt: (filter, until) => read((db) => nextDueAt(db, filter, { from: 0, until })),
    listDueKeyIds: (now) => read((db) => listDueKeyIds(db, now)),
    listWorkers: () => read((db) => listWorkers(db, currentBoot(clock))),
    hasDeadWorkers: () => read((db) => listDead(db, currentBoot(clock)).length > 0),
    getSetting: (key) => read((db) => db.get<{ value: string }>('select value from pawl_meta where key = :key', { key })?.value),
    countPrunable: (query) => read((db) => countPrunable(db, query)),
    countOpenRuns: () => read(countOpenRuns),
    flows: { commit: (act, heard) => group.commit(act, heard), ...flowReads(read) },
    operator: operatorReads(read),
    threadBeat: inMemory || clock !== systemClock ? undefined : threadBeat(path),
    onCommit: (listener) => notes.listen(listener),
    onForeignCommit: (listener) => (inMemory ? () => {} : foreign.listen(listener)),
  };
}

function threadBeat(path: string): ThreadBeat {
  return { module: new URL('./thread-beat.js', import.meta.url).href, options: { driver: driverModule(), path, statement: renewal } };
}

function loadState(db: Connection, { runId, stepId, waitId, hookId, token, openWaits }: StateKey): State {
  return {
    run: getRun(db, runId),
    ...(stepId === undefined ? {} : { step: getStep(db, runId, stepId) }),
    ...(waitId === undefined ? {} : { wait: getWait(db, runId, waitId) }),
    ...(hookId === undefined ? {} : { hook: getHookOfRun(db, runId, hookId) }),
    ...(token === undefined ? {} : { tokenHolder: getTokenHolder(db, token) }),
    ...(openWaits === true ? { openWaits: listOpenWaits(db, runId) } : {}),
  };
}

/** Copies the whole log into the file, durably. Throws where somebody else is at work or the disk fails. */
function foldLogIntoFile(writer: Connection): void {
  const { busy } = writer.get<{ busy: number }>('pragma wal_checkpoint(truncate)') ?? { busy: 1 };
  if (busy !== 0) throw new Error('The log is in use.');
}

/**
 * So that a file whose World was closed is whole without its write-ahead log. SQLite does it by itself when the last connection goes, but
 * one of our drivers keeps connections open until its statements are garbage.
 */
function leaveWhole(writer: Connection): void {
  try {
    foldLogIntoFile(writer);
  } catch {
    // No room, or somebody else is at work: what was acknowledged is safe in the log.
  }
}
