import type { Clock } from '../base/clock.ts';
import type { SchemaStatus } from '../store/migration.ts';
import type { Settings } from './settings.ts';

export type { SchemaStatus } from '../store/migration.ts';

/** How far the schema of the database is, without opening it for work: nothing is made or changed. */
export async function readSchemaStatus({ url, schema }: Settings, clock: Clock): Promise<SchemaStatus> {
  if (/^postgres(ql)?:/.test(url)) {
    const { readPostgresSchema } = await import('../postgres/schema-status.ts');
    return await readPostgresSchema({ url, schema, clock });
  }
  const { readSqliteSchema } = await import('../sqlite/schema-status.ts');
  return await readSqliteSchema(url.slice('sqlite:'.length));
}
