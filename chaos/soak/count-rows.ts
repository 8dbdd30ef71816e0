import { loadDriver } from '../../src/sqlite/driver.ts';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import type { Place } from '../load/places.ts';

/** The rows of each table of Pawl. */
export async function countRows({ file, server }: Pick<Place, 'file' | 'server'>): Promise<Record<string, number>> {
  if (server) {
    const tables = await asAdmin<{ name: string }>(
      server.url,
      "select table_name as name from information_schema.tables where table_schema = 'pawl' and table_type = 'BASE TABLE'",
    );
    const [row] = await asAdmin<Record<string, string>>(
      server.url,
      `select ${tables.map(({ name }) => countOf(name, 'pawl.')).join(', ')}`,
    );
    return Object.fromEntries(Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)]));
  }
  const database = (await loadDriver())(String(file), { readOnly: true });
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'").all();
    const [row] = database.prepare(`select ${tables.map(({ name }) => countOf(String(name), '')).join(', ')}`).all();
    return Object.fromEntries(Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)]));
  } finally {
    database.close();
  }
}

function countOf(table: string, schema: string): string {
  return `(select count(*) from ${schema}"${table}") as "${table}"`;
}
