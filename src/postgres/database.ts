import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Clock } from '../base/clock.ts';
import { fnv1a } from '../base/hash.ts';
import { shownUrl } from '../base/shown-url.ts';
import { unavailable } from '../world/errors.ts';
import type { BatchAct } from './batch.ts';
import {
  type DatabaseName,
  isConnectionLoss,
  isReadOnly,
  isRolledBack,
  isStatementMissing,
  sqlState,
  toWorldError,
  unusableUrl,
} from './errors.ts';
import { Pool } from './pool.ts';

export interface QueryNote {
  readonly text: string;
  readonly ms: number;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly schema: string;
  readonly clock: Clock;
  /** Told of every statement that was sent, also of one that failed: each is one round trip. */
  readonly onQuery?: ((note: QueryNote) => void) | undefined;
  readonly wire?: Wire | undefined;
}

export type Parameters = readonly unknown[];

export interface Sending {
  readonly sql: string;
  readonly parameters: Parameters;
  /** What a batch performs; none for a read. */
  readonly acts?: readonly BatchAct[] | undefined;
}

/** Carries a statement to a server and its answer back, or throws what the driver would: for whoever simulates what lies in between. */
export type Wire = <R>(sending: Sending) => Promise<R[]>;

// A read of an idle process, a commit, and one that waits for a lock never have to wait for each other.
const poolSize = 8;
/** How long a caller is kept waiting for a server that is away before it is told so. */
export const patienceMs = 5_000;
// Where a name leads is asked when a connection is made: nobody who only reads stays with the primary of yesterday for longer.
const longestLifeSeconds = 300;
// A server that says nothing for so long is treated as gone; what it did is found out on another connection.
const silenceSeconds = 20;

/**
 * The connections of one store. Statements are written for the schema "pawl" and sent for the one of the settings. No error of a
 * connection reaches the process: it is told to whoever waits for an answer on it, and the next one gets a new connection.
 */
export class Database {
  readonly name: DatabaseName;
  readonly #options: DatabaseOptions;
  readonly #pool: Pool;
  readonly #texts = new Map<string, { readonly text: string; readonly name: string }>();
  readonly #underway = new Set<Promise<unknown>>();
  /** The connections made since a server was last found to only read: those from before may lead to it, too. */
  #trusted = new WeakSet<object>();
  #named = false;
  #closed = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = new Pool({
      ...this.connection(),
      max: poolSize,
      connectionTimeoutMillis: patienceMs,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: longestLifeSeconds,
      // A program that forgets to close its World ends all the same; workers and readers keep it alive by themselves.
      allowExitOnIdle: true,
    });
    // A connection that dies while nobody uses it is simply replaced.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => {
      client.on('error', () => {});
      this.#trusted.add(client);
    });
    this.name = nameOf(options);
  }

  /** How to connect, for a client of one's own. */
  connection(): pg.ClientConfig {
    return { connectionString: this.#options.url, application_name: 'pawl', keepAlive: true, types };
  }

  /** From now on statements are prepared once per connection: to be called when it is known that connections are not shared. */
  useNamedStatements(): void {
    this.#named = true;
  }

  /** A read, or anything else that may safely be sent twice: tried anew on another connection while `patienceMs` last. */
  async query<R>(sql: string, parameters: Parameters = []): Promise<R[]> {
    const deadline = this.#options.clock.monotonic() + patienceMs;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      try {
        return await this.send<R>(sql, parameters);
      } catch (error) {
        const passing = isConnectionLoss(error) || isRolledBack(error);
        if (!passing || this.#closed || this.#options.clock.monotonic() + pauseMs > deadline) throw toWorldError(error, this.name);
        await pause(pauseMs);
      }
    }
  }

  /** Sends one statement once and throws what the driver throws. */
  async send<R>(sql: string, parameters: Parameters = [], acts?: readonly BatchAct[]): Promise<R[]> {
    if (this.#closed) throw unavailable(`The database at ${this.name.where} is closed.`);
    const { wire } = this.#options;
    const sending = wire ? wire<R>({ sql, parameters, acts }) : this.#send<R>(sql, parameters);
    this.#underway.add(sending);
    try {
      return await sending;
    } finally {
      this.#underway.delete(sending);
    }
  }

  async #send<R>(sql: string, parameters: Parameters): Promise<R[]> {
    const client = await this.#take();
    let broken = false;
    try {
      return await this.sendOn<R>(client, sql, parameters);
    } catch (error) {
      broken = isConnectionLoss(error) || isStatementMissing(error);
      if (isReadOnly(error) && this.#trusted.has(client)) this.#trusted = new WeakSet();
      if (!this.#named || !isStatementMissing(error)) throw error;
      // A pooler mixes connections up after all; the statement was not executed.
      if (sqlState(error) !== '0A000') this.#named = false;
    } finally {
      client.release(broken);
    }
    return await this.#send<R>(sql, parameters);
  }

  async sendOn<R>(client: pg.ClientBase, sql: string, parameters: Parameters = []): Promise<R[]> {
    const { text, name } = this.#prepare(sql);
    const { clock, onQuery } = this.#options;
    const sentAt = clock.monotonic();
    try {
      const query = { text, values: parameters as unknown[], ...(this.#named ? { name } : {}) };
      const { rows } = await within(silenceSeconds, client.query<R & object>(query));
      return rows;
    } finally {
      onQuery?.({ text, ms: clock.monotonic() - sentAt });
    }
  }

  /** A connection for several statements; whoever takes it gives it back. */
  async connect(): Promise<pg.PoolClient> {
    if (this.#closed) throw unavailable(`The database at ${this.name.where} is closed.`);
    return this.#take();
  }

  async #take(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      if (this.#trusted.has(client)) return client;
      client.release(true);
    }
  }

  /** The text for the schema of the settings, without sending it. */
  text(sql: string): string {
    return this.#prepare(sql).text;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // The pool would leave those who wait for a connection waiting.
    await Promise.allSettled(this.#underway);
    await this.#pool.end();
  }

  #prepare(sql: string): { readonly text: string; readonly name: string } {
    const known = this.#texts.get(sql);
    if (known) return known;
    const text = sql.replaceAll(/\bpawl\./g, `"${this.#options.schema}".`);
    const prepared = { text, name: `pawl_${fnv1a(text).toString(36)}_${text.length}` };
    this.#texts.set(sql, prepared);
    return prepared;
  }
}

function nameOf({ url, schema }: DatabaseOptions): DatabaseName {
  const client = clientFor(url);
  return { user: String(client.user), where: `${client.host}:${client.port}/${client.database}`, schema };
}

/** Reads the URL, and the files that it names. */
function clientFor(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url });
  } catch (error) {
    throw unusableUrl(shownUrl(url), error);
  }
}

// Counts and instants fit a number; the parsers of the whole process stay as they are.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/** Counted in seconds in which this process ran: after one in which it did not, the answer may be there and only has to be read. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const wait = (left: number) => {
      if (left === 0) reject(new Error(`Read timeout: no answer within ${seconds} s`));
      else timer = setTimeout(() => wait(left - 1), 1_000);
    };
    wait(seconds);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
