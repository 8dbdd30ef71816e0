/** Keys that reach a prototype; no key, path or output of a flow may contain one (flow.md §4, rule 9). */
export const hostileKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const longestPath = 1_024;
const arrayIndex = /^(?:0|[1-9]\d{0,8})$/;

/** Why a dot path cannot be used, or undefined if it can. */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0) return 'the path is empty';
  if (path.length > longestPath) return `the path is longer than ${longestPath} characters`;
  for (const segment of path.split('.')) {
    if (segment === '') return `"${path}" has an empty segment`;
    if (hostileKeys.has(segment)) return `"${path}" contains "${segment}", which is never allowed`;
  }
  return undefined;
}

export type PathRead = { readonly found: true; readonly value: unknown } | { readonly found: false };

const notFound: PathRead = { found: false };

/** Follows own properties only; `items.0.name` indexes arrays. */
export function readPath(root: unknown, path: string): PathRead {
  let value = root;
  for (const segment of path.split('.')) {
    const read = readKey(value, segment);
    if (!read.found) return notFound;
    value = read.value;
  }
  return { found: true, value };
}

/** One own property of an object or array. */
export function readKey(holder: unknown, key: string): PathRead {
  if (typeof holder !== 'object' || holder === null) return notFound;
  if (hostileKeys.has(key) || !Object.hasOwn(holder, key)) return notFound;
  return { found: true, value: (holder as Record<string, unknown>)[key] };
}

/**
 * A copy of `root` with `value` at the path; everything beside the path is shared. Missing objects on the way are
 * made; an array takes only an index it has or the next one. Throws a plain Error that says what is in the way.
 */
export function writePath(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (hostileKeys.has(key)) throw new Error(`"${key}" is never allowed in a path`);
  if (Array.isArray(root)) {
    const index = arrayIndex.test(key) ? Number(key) : Number.NaN;
    if (!(index <= root.length)) throw new Error(`"${key}" is not an index of an array of ${root.length}`);
    const copy = root.slice();
    copy[index] = writePath(root[index], rest, value);
    return copy;
  }
  if (root !== undefined && (typeof root !== 'object' || root === null)) {
    throw new Error(`"${key}" cannot be set on ${root === null ? 'null' : `a ${typeof root}`}`);
  }
  const holder = (root ?? {}) as Record<string, unknown>;
  const child = Object.hasOwn(holder, key) ? holder[key] : undefined;
  return { ...holder, [key]: writePath(child, rest, value) };
}
