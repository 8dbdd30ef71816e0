import type { SqliteDatabase, SqliteStatement, SqlParameters, SqlRow } from './driver.ts';

/** One connection with its statements prepared once. Rows come back with the names that the SQL gives them. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Parameters are named; an object may have more of them than the statement uses. */
  get<R>(sql: string, parameters: SqlParameters = {}): R | undefined {
    return this.#statement(sql).get(parameters) as R | undefined;
  }

  all<R = SqlRow>(sql: string, parameters: SqlParameters = {}): R[] {
    return this.#statement(sql).all(parameters) as R[];
  }

  /** The number of rows that it changed. */
  run(sql: string, parameters: SqlParameters = {}): number {
    return Number(this.#statement(sql).run(parameters).changes);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    statement.setAllowUnknownNamedParameters(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
