import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { pendingMigrations, readMigrations, type SchemaAt, usableFromAfter } from '../store/migration.ts';
import type { Database } from './database.ts';
import { citusMissing, sqlState } from './errors.ts';

export const ownFolder = new URL('./migrations/', import.meta.url);

export interface MigrateOptions {
  readonly folder?: URL;
  /** Distributes the tables, if they are not yet. */
  readonly citus?: boolean;
}

/**
 * Brings the schema up to this code: all steps in one transaction that holds the row of the version, so that of two processes starting at
 * once one waits and finds the work done (decisions A5).
 */
export async function migrate(db: Database, { folder = ownFolder, citus = false }: MigrateOptions = {}): Promise<void> {
  const migrations = await readMigrations(folder);
  const where = `schema "${db.name.schema}" of ${db.name.where}`;
  const at = await readSchema(db);
  const distributed = at.version > 0 && (await isDistributed(db));
  if (pendingMigrations(migrations, at, where).length === 0 && (distributed || !citus)) return;
  const client = await db.connect();
  try {
    await createMeta(db, client);
    await client.query('begin');
    // It will be locked whole; who has locked a row of it by then cannot be let pass.
    if (citus && !distributed) await client.query(db.text('lock table pawl.pawl_meta in exclusive mode'));
    await client.query(db.text("select value from pawl.pawl_meta where key = 'schema_version' for update"));
    const pending = pendingMigrations(migrations, toSchemaAt((await client.query<Meta>(db.text(readMeta))).rows), where);
    for (const { sql, version: next } of pending) {
      // What changes a distributed table is sent on to its nodes as it was written, and there it has to be alone.
      for (const statement of distributed ? statementsOf(sql) : [sql]) await client.query(db.text(statement));
      await client.query(db.text("update pawl.pawl_meta set value = $1 where key = 'schema_version'"), [String(next)]);
    }
    if (pending.length > 0) {
      await client.query(
        db.text(`insert into pawl.pawl_meta as known (key, value) values ('usable_from', $1)
                 on conflict (key) do update set value = excluded.value`),
        [String(usableFromAfter(migrations))],
      );
    }
    // Deliveries over HTTP are signed even where nobody set a secret (decisions B6).
    await client.query(db.text("insert into pawl.pawl_meta (key, value) values ('secret', $1) on conflict (key) do nothing"), [
      randomBytes(32).toString('base64url'),
    ]);
    if (citus || distributed) await distribute(db, client);
    await client.query('commit');
    client.release();
  } catch (error) {
    // The transaction ends with its connection.
    client.release(true);
    throw error;
  }
}

/** Once distributed, a schema stays so, and every process finds out by itself. */
export async function isDistributed(db: Database): Promise<boolean> {
  const [row] = await db.send<{ value: string }>("select value from pawl.pawl_meta where key = 'citus'");
  return row?.value === 'on';
}

/** Also what this migration has brought. */
async function distribute(db: Database, client: pg.PoolClient): Promise<void> {
  const { rowCount } = await client.query("select 1 from pg_extension where extname = 'citus'");
  if (rowCount === 0) throw citusMissing(db.name);
  await client.query(db.text('select pawl.pawl_distribute_v1()'));
}

/** Of a schema that is not there, and of one that nothing has been done to yet, the version is 0. */
export async function readSchema(db: Database): Promise<SchemaAt> {
  try {
    return toSchemaAt(await db.send<Meta>(readMeta));
  } catch (error) {
    if (sqlState(error) === '42P01') return { version: 0, usableFrom: undefined };
    throw error;
  }
}

function statementsOf(sql: string): string[] {
  const statements = sql.match(/(?:\$\$[\s\S]*?\$\$|--.*|'[^']*'|[^;])+/g) ?? [];
  return statements.filter((statement) => statement.replaceAll(/--.*$/gm, '').trim() !== '');
}

interface Meta {
  readonly key: string;
  readonly value: string;
}

const readMeta = "select key, value from pawl.pawl_meta where key in ('schema_version', 'usable_from')";

function toSchemaAt(rows: readonly Meta[]): SchemaAt {
  const found = new Map(rows.map(({ key, value }) => [key, Number(value)]));
  return { version: found.get('schema_version') ?? 0, usableFrom: found.get('usable_from') };
}

/** The table whose row is the lock. Of two processes that make it at once one may be told that it exists, however politely it asks. */
async function createMeta(db: Database, client: pg.PoolClient): Promise<void> {
  const statements = [
    'create table if not exists pawl.pawl_meta (key text collate "C" primary key, value text not null)',
    "insert into pawl.pawl_meta (key, value) values ('schema_version', '0') on conflict (key) do nothing",
  ];
  const known = await client.query('select 1 from pg_namespace where nspname = $1', [db.name.schema]);
  // Who may not create schemas can be given one.
  if (known.rowCount === 0) statements.unshift(`create schema if not exists "${db.name.schema}"`);
  for (const statement of statements) {
    await client.query(db.text(statement)).catch((error: unknown) => {
      if (!existsAlready.has(sqlState(error) ?? '')) throw error;
    });
  }
}

const existsAlready = new Set(['23505', '42P06', '42P07', '42710']);
