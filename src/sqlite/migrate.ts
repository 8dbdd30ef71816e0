import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { pendingMigrations, readMigrations, type SchemaAt, usableFromAfter } from '../store/migration.ts';
import type { Connection } from './connection.ts';

export const ownFolder = new URL('./migrations/', import.meta.url);

export interface MigrateOptions {
  readonly path: string;
  /** Writes the database as it was last committed into a new file, through a connection of its own. */
  readonly copyTo: (file: string) => void;
  /** Where the ladder of `NNNN_slug.sql` files lies. */
  readonly folder?: URL;
}

/**
 * Brings the schema up to this code, one transaction for all steps, after copying the file of a schema that already held data. The write
 * lock is taken before the version is read, so that of two processes starting at once one waits and finds the work done.
 */
export async function migrate(db: Connection, { path, copyTo, folder = ownFolder }: MigrateOptions): Promise<void> {
  const migrations = await readMigrations(folder);
  if (pendingMigrations(migrations, readSchema(db), path).length === 0) return;
  db.exec('begin immediate');
  try {
    const at = readSchema(db);
    const { version } = at;
    const pending = pendingMigrations(migrations, at, path);
    if (version > 0 && pending.length > 0 && path !== ':memory:') copyBeforeUpgrade(`${path}.v${version}.bak`, copyTo);
    for (const step of pending) {
      db.exec(step.sql);
      db.exec(`pragma user_version = ${step.version}`);
    }
    if (pending.length > 0) {
      db.run("insert into pawl_meta (key, value) values ('usable_from', :from) on conflict (key) do update set value = excluded.value", {
        from: String(usableFromAfter(migrations)),
      });
    }
    // Deliveries over HTTP are signed even where nobody set a secret (decisions B6).
    db.run("insert into pawl_meta (key, value) values ('secret', :secret) on conflict (key) do nothing", {
      secret: randomBytes(32).toString('base64url'),
    });
    db.exec('commit');
  } catch (error) {
    db.rollback();
    throw error;
  }
}

export function readSchema(db: Connection): SchemaAt {
  const version = db.get<{ version: number }>('select user_version as version from pragma_user_version')?.version ?? 0;
  const known = version > 0 && db.get("select 1 from sqlite_schema where type = 'table' and name = 'pawl_meta'");
  const row = known ? db.get<{ value: string }>("select value from pawl_meta where key = 'usable_from'") : undefined;
  return { version, usableFrom: row && Number(row.value) };
}

/** Aside and then into place, under the write lock: a process that dies half way leaves no half a copy under the name of a whole one. */
function copyBeforeUpgrade(copy: string, copyTo: (file: string) => void): void {
  const aside = `${copy}.part`;
  rmSync(aside, { force: true });
  copyTo(aside);
  renameSync(aside, copy);
}
