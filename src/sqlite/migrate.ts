import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { pendingMigrations, readMigrations, type SchemaAt, usableFromAfter } from '../store/migration.ts';
import type { Connection } from './connection.ts';
import { foreignFile, versionLost } from './errors.ts';
import { openPatienceMs, whenFree } from './when-free.ts';

export const ownFolder = new URL('./migrations/', import.meta.url);

export interface MigrateOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Writes the database as it was last committed into a new file, through a connection of its own. */
  readonly copyTo: (file: string) => void;
  /** Where the ladder of `NNNN_slug.sql` files lies. */
  readonly folder?: URL;
}

/**
 * Brings the schema up to this code, one transaction for all steps, after copying the file of a schema that already held data. The write
 * lock is taken before the version is read, so that of two processes starting at once one waits and finds the work done. Throws what
 * `readSchema` does, SCHEMA_TOO_NEW, and a 503 where the other one takes longer than `openPatienceMs`.
 */
export async function migrate(db: Connection, { path, clock, copyTo, folder = ownFolder }: MigrateOptions): Promise<void> {
  const waiting = { path, clock, patienceMs: openPatienceMs };
  const migrations = await readMigrations(folder);
  const before = await whenFree(() => readSchema(db, path), waiting);
  if (pendingMigrations(migrations, before, path).length === 0) return;
  await whenFree(() => db.exec('begin immediate'), waiting);
  try {
    const at = readSchema(db, path);
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

/** Throws SCHEMA_FOREIGN where the file is another program's, and SCHEMA_INCOMPLETE where it does not say any more how old its schema is. */
export function readSchema(db: Connection, path: string): SchemaAt {
  // In one statement: another process may be making the schema.
  const { version, ours, entries } = db.get<{ version: number; ours: number; entries: number }>(`
    select user_version as version,
      (select count(*) from sqlite_schema where type = 'table' and name = 'pawl_meta') as ours,
      (select count(*) from sqlite_schema where name not glob 'sqlite_*') as entries
    from pragma_user_version`) ?? { version: 0, ours: 0, entries: 0 };
  if (ours === 0 && (version > 0 || entries > 0)) throw foreignFile(path);
  if (ours > 0 && version === 0) throw versionLost(path);
  const row = ours > 0 ? db.get<{ value: string }>("select value from pawl_meta where key = 'usable_from'") : undefined;
  return { version, usableFrom: row && Number(row.value) };
}

/** Aside and then into place, under the write lock: a process that dies half way leaves no half a copy under the name of a whole one. */
function copyBeforeUpgrade(copy: string, copyTo: (file: string) => void): void {
  const aside = `${copy}.part`;
  rmSync(aside, { force: true });
  copyTo(aside);
  renameSync(aside, copy);
}
