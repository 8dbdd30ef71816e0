import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  readonly version: number;
  readonly slug: string;
  readonly sql: string;
  /** Its first line begins with `-- additive`: it takes nothing away, so that code of the version before works on beside it. */
  readonly additive: boolean;
}

/** Where a database stands. */
export interface SchemaAt {
  /** 0: there is no schema. */
  readonly version: number;
  /** The oldest version whose code can work on it; undefined: that of `version`. */
  readonly usableFrom: number | undefined;
}

/** How far a database is on its ladder. */
export interface SchemaStatus {
  /** 0: there is no schema. */
  readonly version: number;
  readonly newest: number;
  /** The names of what a migration would do, in order. */
  readonly pending: readonly string[];
}

/** Throws where the schema is newer than this code can use. */
export function schemaStatus(all: readonly Migration[], at: SchemaAt, where: string): SchemaStatus {
  const pending = pendingMigrations(all, at, where).map((step) => `${String(step.version).padStart(4, '0')}_${step.slug}`);
  return { version: at.version, newest: all.length, pending };
}

/** Reads `NNNN_slug.sql` files, in order and without gaps; each ladder belongs to one dialect. */
export async function readMigrations(folder: URL): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(name);
      if (!match || Number(match[1]) !== index + 1) throw new Error(`Migration "${name}" must be number ${index + 1} of its folder.`);
      const sql = await readFile(new URL(name, folder), 'utf8');
      const additive = /^-- additive\b/.test(sql);
      const [fault] = additive ? additiveFaults(sql) : [];
      if (fault) throw new Error(`Migration "${name}" says that it is additive, but has "${fault}".`);
      return { version: index + 1, slug: String(match[2]), sql, additive };
    }),
  );
}

/**
 * The migrations that a schema still lacks. One that is newer than this code needs none, if only additive migrations came after those that
 * this code knows: then code of both versions works on it, side by side. Any other is refused, and never touched.
 */
export function pendingMigrations(
  all: readonly Migration[],
  { version, usableFrom = version }: SchemaAt,
  where: string,
): readonly Migration[] {
  const newest = all.length;
  if (version > newest && usableFrom > newest) {
    throw Object.assign(
      new Error(
        `The schema in ${where} has version ${version}, newer than the ${newest} this version of Pawl knows, and takes code of version ${usableFrom} or later: upgrade Pawl, or open another database.`,
      ),
      { code: 'SCHEMA_TOO_NEW' },
    );
  }
  return all.slice(version);
}

/** The oldest version whose code can work on the schema when all of these are done: the last that is not additive. */
export function usableFromAfter(all: readonly Migration[]): number {
  return all.findLast(({ additive }) => !additive)?.version ?? 0;
}

/**
 * What takes something away from code that does not know of it: tables, columns and functions stay as they are, and a column that is added
 * is filled by itself.
 */
export function additiveFaults(sql: string): string[] {
  const statements = sql
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/\$\$[\s\S]*?\$\$/g, '')
    .split(';');
  return statements.flatMap((text) => {
    const [fault] =
      /\b(?:drop|rename|truncate|delete from|update)\b|\balter column\b|\bcreate or replace\b|\bcreate unique index\b/i.exec(text) ??
      (/\badd column\b/i.test(text) && /\bnot null\b/i.test(text) && !/\bdefault\b/i.test(text) ? ['not null without a default'] : []);
    return fault === undefined ? [] : [fault];
  });
}
