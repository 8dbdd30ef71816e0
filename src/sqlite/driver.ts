/** The part of the `node:sqlite` API that we use; Node's own and `@photostructure/sqlite` both have it. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;
export type SqlParameters = object;

export interface SqliteStatement {
  run(...parameters: SqlValue[]): { changes: number | bigint };
  get(...parameters: SqlValue[]): SqlRow | undefined;
  all(...parameters: SqlValue[]): SqlRow[];
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type OpenDatabase = (path: string, options?: { readOnly?: boolean }) => SqliteDatabase;

/** Node's own SQLite from 24 on (22 prints a warning when it is loaded), else the npm package with the same API. */
export function driverModule(): string {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 ? 'node:sqlite' : '@photostructure/sqlite';
}

export async function loadDriver(): Promise<OpenDatabase> {
  const module = driverModule();
  // A name in a variable: the types of Node 20 do not know Node's own. The other one stands as a literal, for whoever follows imports.
  const { DatabaseSync } = module === 'node:sqlite' ? await import(module) : await import('@photostructure/sqlite');
  return (path, options) => new DatabaseSync(path, options ?? {}) as SqliteDatabase;
}
