import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { fnv1a } from '../base/hash.ts';
import type { Database } from './database.ts';

const firstPauseMs = 100;
const longestPauseMs = 1_000;
const connectMs = 5_000;
// So many hints a second are enough for everybody; what is committed in between is found by the next one.
const quietMs = 20;

/**
 * Hints between the processes of one database: "something was committed". Nothing depends on them: while they are lost, blocked or not to be
 * had (behind a pooler), everybody looks for himself every now and then.
 */
export class Hints {
  readonly #db: Database;
  readonly #channel: string;
  readonly #self = randomUUID().slice(0, 8);
  readonly #listeners = new Set<() => void>();
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #again = false;
  #enabled = false;
  #closed = false;

  constructor(db: Database) {
    this.#db = db;
    this.#channel = `pawl_${fnv1a(db.name.schema).toString(36)}`;
  }

  /** Not called behind a pooler, where hints would go to whoever has the connection next. */
  enable(): void {
    this.#enabled = true;
    if (this.#listeners.size > 0) void this.#connect(firstPauseMs);
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#enabled && !this.#client && !this.#retry) void this.#connect(firstPauseMs);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the others, at once if the last time was long enough ago. */
  tell(): void {
    if (!this.#enabled || this.#closed) return;
    this.#again = true;
    if (this.#quiet) return;
    this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    clearTimeout(this.#retry);
    clearTimeout(this.#quiet);
    void this.#client?.end().catch(() => {});
  }

  #send(): void {
    this.#again = false;
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      if (this.#again) this.tell();
    }, quietMs);
    this.#quiet.unref();
    // A transaction of its own that nobody waits for: a commit that notifies would hold up all others of the server.
    void this.#db
      .send("select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", [this.#channel, this.#self])
      .catch(() => {});
  }

  async #connect(pauseMs: number): Promise<void> {
    if (this.#closed) return;
    let client: pg.Client | undefined;
    let lost = false;
    const reconnect = (nextPauseMs: number) => {
      if (lost) return;
      lost = true;
      this.#client = undefined;
      void client?.end().catch(() => {});
      if (this.#closed) return;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        void this.#connect(Math.min(nextPauseMs * 2, longestPauseMs));
      }, nextPauseMs);
      this.#retry.unref();
    };
    try {
      // Reads the files that the URL names, which may be away for a moment, too.
      client = new pg.Client({ ...this.#db.connection(), application_name: 'pawl hints', connectionTimeoutMillis: connectMs });
      this.#client = client;
      client.on('error', () => reconnect(pauseMs));
      client.on('end', () => reconnect(pauseMs));
      client.on('notification', ({ payload }) => {
        if (payload !== this.#self) this.#hear();
      });
      await client.connect();
      await client.query(`listen ${this.#channel}`);
      // Hints alone keep no process alive.
      (client as unknown as { unref(): void }).unref();
      pauseMs = firstPauseMs;
      // What was said meanwhile was not heard.
      this.#hear();
    } catch {
      reconnect(pauseMs);
    }
  }

  #hear(): void {
    for (const listener of this.#listeners) listener();
  }
}
