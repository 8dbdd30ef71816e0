/** JSON that a person can read, of any value that a run can keep. */
export interface Readable {
  readonly json: unknown;
  readonly truncated: boolean;
}

const deepest = 40;
const mostCharacters = 200_000;

/** Never throws, whatever it is given; what it makes is a copy. */
export function toReadable(value: unknown): Readable {
  const writer = new ReadableWriter();
  return { json: writer.write(value, 0), truncated: writer.truncated };
}

class ReadableWriter {
  truncated = false;
  #left = mostCharacters;
  readonly #above = new Set<object>();

  write(value: unknown, depth: number): unknown {
    if (this.#left <= 0) return this.#cut('…');
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#spend(Number.isFinite(value) ? value : String(value), 8);
      case 'boolean':
        return this.#spend(value, 5);
      case 'bigint':
        return this.#text(`${value}n`);
      case 'undefined':
        return this.#text('undefined');
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        return this.#text(typeof value);
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Tagged) return this.#tagged(value, depth);
    const plain = asText(value);
    if (plain !== undefined) return this.#text(plain);
    if (this.#above.has(value)) return this.#text('[Circular]');
    if (depth >= deepest) return this.#cut('…');
    this.#above.add(value);
    const written = this.#container(value, depth);
    this.#above.delete(value);
    return written;
  }

  #container(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof Set) return record([[`Set(${value.size})`, this.#list([...value], depth)]]);
    if (value instanceof Map) return record([[`Map(${value.size})`, this.#map(value, depth)]]);
    if (value instanceof Error)
      return this.#fields(
        [
          ['name', value.name],
          ['message', value.message],
          ['stack', value.stack],
        ],
        depth,
      );
    return this.#fields(Object.entries(value), depth);
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): unknown {
    const entries = [...map];
    const named = entries.every((entry): entry is [string, unknown] => typeof entry[0] === 'string');
    return named ? this.#fields(entries, depth) : this.#list(entries, depth);
  }

  #list(items: readonly unknown[], depth: number): unknown[] {
    const written: unknown[] = [];
    for (const item of items) {
      if (this.#left <= 0) {
        written.push(this.#cut(`… ${items.length - written.length} more`));
        break;
      }
      written.push(this.write(item, depth + 1));
    }
    return written;
  }

  #fields(entries: readonly (readonly [string, unknown])[], depth: number): object {
    const written: [string, unknown][] = [];
    for (const [key, item] of entries) {
      if (this.#left <= 0) {
        written.push(['…', this.#cut(`${entries.length - written.length} more`)]);
        break;
      }
      written.push([this.#text(key), this.write(item, depth + 1)]);
    }
    return record(written);
  }

  #tagged({ tag, value }: Tagged, depth: number): unknown {
    return typeof value === 'string' ? this.#text(`${tag}(${value})`) : record([[tag, this.write(value, depth + 1)]]);
  }

  #text(text: string): string {
    const kept = text.length > this.#left ? this.#cut(`${text.slice(0, this.#left)}…`) : text;
    return this.#spend(kept, text.length + 2);
  }

  #spend<T>(value: T, characters: number): T {
    this.#left -= characters;
    return value;
  }

  #cut<T>(value: T): T {
    this.truncated = true;
    return value;
  }
}

/** What only the SDK's own code could bring back to life, under the name it has there. */
export class Tagged {
  readonly tag: string;
  readonly value: unknown;

  constructor(tag: string, value: unknown) {
    this.tag = tag;
    this.value = value;
  }
}

function asText(value: object): string | undefined {
  if (value instanceof Date) return `Date(${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()})`;
  if (value instanceof RegExp) return `RegExp(${String(value)})`;
  if (value instanceof URL) return `URL(${value.href})`;
  if (value instanceof URLSearchParams) return `URLSearchParams(${String(value)})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength} bytes)`;
  return undefined;
}

/** Its keys may be anything, "__proto__" included. */
function record(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries);
}
