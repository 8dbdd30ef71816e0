import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { pendingMigrations, readMigrations } from '../store/migration.ts';
import type { Connection } from './connection.ts';

const folder = new URL('./migrations/', import.meta.url);

/**
 * Brings the schema up to this code, one transaction for all steps, after copying the file of a schema that already held data. The write
 * lock is taken before the version is read, so that of two processes starting at once one waits and finds the work done.
 */
export async function migrate(db: Connection, path: string): Promise<void> {
  const migrations = await readMigrations(folder);
  if (pendingMigrations(migrations, schemaVersion(db), path).length === 0) return;
  copyBeforeUpgrade(db, path);
  db.exec('begin immediate');
  try {
    const pending = pendingMigrations(migrations, schemaVersion(db), path);
    for (const { sql, version } of pending) {
      db.exec(sql);
      db.exec(`pragma user_version = ${version}`);
    }
    // Deliveries over HTTP are signed even where nobody set a secret (decisions B6).
    db.run("insert into pawl_meta values ('secret', :secret) on conflict (key) do nothing", {
      secret: randomBytes(32).toString('base64url'),
    });
    db.exec('commit');
  } catch (error) {
    db.exec('rollback');
    throw error;
  }
}

function schemaVersion(db: Connection): number {
  return db.get<{ version: number }>('select user_version as version from pragma_user_version')?.version ?? 0;
}

function copyBeforeUpgrade(db: Connection, path: string): void {
  const version = schemaVersion(db);
  const copy = `${path}.v${version}.bak`;
  if (version === 0 || path === ':memory:' || existsSync(copy)) return;
  db.run('vacuum into :copy', { copy });
}
