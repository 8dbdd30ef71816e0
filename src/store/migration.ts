import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  readonly version: number;
  readonly slug: string;
  readonly sql: string;
}

/** How far a database is on its ladder. */
export interface SchemaStatus {
  /** 0: there is no schema. */
  readonly version: number;
  readonly newest: number;
  /** The names of what a migration would do, in order. */
  readonly pending: readonly string[];
}

/** Throws where the schema is newer than this code. */
export function schemaStatus(all: readonly Migration[], version: number, where: string): SchemaStatus {
  const pending = pendingMigrations(all, version, where).map((step) => `${String(step.version).padStart(4, '0')}_${step.slug}`);
  return { version, newest: all.length, pending };
}

/** Reads `NNNN_slug.sql` files, in order and without gaps; each ladder belongs to one dialect. */
export async function readMigrations(folder: URL): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(name);
      if (!match || Number(match[1]) !== index + 1) throw new Error(`Migration "${name}" must be number ${index + 1} of its folder.`);
      return { version: index + 1, slug: String(match[2]), sql: await readFile(new URL(name, folder), 'utf8') };
    }),
  );
}

/** The migrations that a schema at `version` still lacks; a schema newer than this code is refused, never touched. */
export function pendingMigrations(all: readonly Migration[], version: number, where: string): readonly Migration[] {
  const newest = all.length;
  if (version > newest) {
    throw Object.assign(
      new Error(
        `The schema in ${where} has version ${version}, newer than the ${newest} this version of Pawl knows: upgrade Pawl, or open another database.`,
      ),
      { code: 'SCHEMA_TOO_NEW' },
    );
  }
  return all.slice(version);
}
