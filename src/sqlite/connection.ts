import type { SqliteDatabase, SqliteStatement, SqlParameters, SqlRow, SqlValue } from './driver.ts';

interface Prepared {
  readonly statement: SqliteStatement;
  readonly names: readonly string[];
}

/** One connection with its statements prepared once. Rows come back with the names that the SQL gives them. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Parameters are named; an object may have more of them than the statement uses. */
  get<R>(sql: string, parameters: SqlParameters = {}): R | undefined {
    const { statement, names } = this.#prepare(sql);
    return statement.get(...bind(names, parameters)) as R | undefined;
  }

  all<R = SqlRow>(sql: string, parameters: SqlParameters = {}): R[] {
    const { statement, names } = this.#prepare(sql);
    return statement.all(...bind(names, parameters)) as R[];
  }

  /** The number of rows that it changed. */
  run(sql: string, parameters: SqlParameters = {}): number {
    const { statement, names } = this.#prepare(sql);
    return Number(statement.run(...bind(names, parameters)).changes);
  }

  /** The same for a statement with question marks, and values in their order. */
  runValues(sql: string, values: readonly SqlValue[]): number {
    return Number(this.#prepare(sql).statement.run(...values).changes);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Takes back what is open; SQLite has done so by itself after some errors (a full disk, for one). */
  rollback(): void {
    try {
      this.run('rollback');
    } catch {
      // Nothing is open, and the error that led here is the one to tell of.
    }
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const prepared = { statement: this.#database.prepare(sql.replaceAll(parameter, '?')), names: parameterNames(sql) };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

// The driver binds anonymous parameters more than twice as fast as named ones, so the names stay on this side.
const parameter = /:([A-Za-z]\w*)/g;

function parameterNames(sql: string): string[] {
  return [...sql.matchAll(parameter)].map(([, name]) => name as string);
}

function bind(names: readonly string[], parameters: SqlParameters): SqlValue[] {
  return names.map((name) => {
    const value = (parameters as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) throw new Error(`A statement needs ":${name}" and was not given it.`);
    return value as SqlValue;
  });
}
