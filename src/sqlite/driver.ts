/** The part of the `node:sqlite` API that we use; Node's own and `@photostructure/sqlite` both have it. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;
export type SqlParameters = Readonly<Record<string, unknown>>;

export interface SqliteStatement {
  run(parameters?: SqlParameters): { changes: number | bigint };
  get(parameters?: SqlParameters): SqlRow | undefined;
  all(parameters?: SqlParameters): SqlRow[];
  setAllowUnknownNamedParameters(enabled: boolean): void;
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type OpenDatabase = (path: string, options?: { readOnly?: boolean }) => SqliteDatabase;

/** Node's own SQLite from 24 on (22 prints a warning when it is loaded), else the npm package with the same API. */
export async function loadDriver(): Promise<OpenDatabase> {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const { DatabaseSync } = major >= 24 ? await import('node:sqlite' as string) : await import('@photostructure/sqlite');
  return (path, options) => new DatabaseSync(path, options ?? {}) as SqliteDatabase;
}
