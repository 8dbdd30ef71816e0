import type { Clock } from '../base/clock.ts';
import { readMigrations, schemaStatus, type SchemaStatus } from '../store/migration.ts';
import { Database } from './database.ts';
import { toOpenError } from './errors.ts';
import { ownFolder, readSchema } from './migrate.ts';

/** Looks without touching anything: a schema that is not there is not made. */
export async function readPostgresSchema({ url, schema, clock }: { url: string; schema: string; clock: Clock }): Promise<SchemaStatus> {
  const db = new Database({ url, schema, clock });
  try {
    return schemaStatus(await readMigrations(ownFolder), await readSchema(db), `schema "${schema}" of ${db.name.where}`);
  } catch (error) {
    throw toOpenError(error, db.name);
  } finally {
    await db.close();
  }
}
