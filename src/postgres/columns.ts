/** A row as JSON with the names of its columns, from a row with the names of its fields. */
export function toColumns(row: object): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(row)) columns[columnOf(field)] = value;
  return columns;
}

/** The other way round. */
export function fromColumns<R>(columns: object): R {
  const row: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(columns)) row[fieldOf(column)] = value;
  return row as R;
}

// The few names there are, so that each is worked out once.
const columnNames = new Map<string, string>();
const fieldNames = new Map<string, string>();

function columnOf(field: string): string {
  let column = columnNames.get(field);
  if (column === undefined) columnNames.set(field, (column = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  return column;
}

function fieldOf(column: string): string {
  let field = fieldNames.get(column);
  if (field === undefined) fieldNames.set(column, (field = column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())));
  return field;
}

/** The values of a statement, numbered in the order in which its text names them. */
export class Arguments {
  readonly values: unknown[] = [];

  /** The place of the value in the text. */
  put(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** A bound on the number of rows; `limit null` is none. */
  limit(limit: number): string {
    return this.put(Number.isFinite(limit) ? limit : null);
  }
}
