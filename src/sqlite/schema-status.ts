import { existsSync } from 'node:fs';
import { readMigrations, schemaStatus, type SchemaStatus } from '../store/migration.ts';
import { Connection } from './connection.ts';
import { loadDriver } from './driver.ts';
import { toWorldError } from './errors.ts';
import { ownFolder, readSchema } from './migrate.ts';

/** Looks without touching anything: a file that is not there is not made. */
export async function readSqliteSchema(path: string): Promise<SchemaStatus> {
  const migrations = await readMigrations(ownFolder);
  if (path === ':memory:' || !existsSync(path)) return schemaStatus(migrations, { version: 0, usableFrom: undefined }, path);
  const openDatabase = await loadDriver();
  try {
    const db = new Connection(openDatabase(path, { readOnly: true }));
    try {
      return schemaStatus(migrations, readSchema(db, path), path);
    } finally {
      db.close();
    }
  } catch (error) {
    throw toWorldError(error, path);
  }
}
