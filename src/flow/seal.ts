import { FlowError, type FlowErrorCode } from './errors.ts';
import { hostileKeys } from './safe-path.ts';

export interface Measure {
  /** Bytes of the value as UTF-8 JSON; characters that JSON escapes count once. */
  readonly bytes: number;
  /** 0 for a scalar, one more than the deepest member for an object or array. */
  readonly depth: number;
}

export interface SealOptions {
  /** Names the value in the error. */
  readonly what: string;
  /** The code of the error for what is not JSON; default INVALID_INPUT. */
  readonly code?: FlowErrorCode;
  readonly maxDepth?: number;
}

/** Deeper than any limit in use, and shallow enough never to overflow the stack. */
const deepest = 200;

// What has been sealed is known by identity, so that a value is copied, frozen and measured once in its life and
// each step costs only what it changed.
const measures = new WeakMap<object, Measure>();

/**
 * A deeply frozen copy, as JSON would keep it (`toJSON` is asked, members that are undefined go). What JSON would
 * lose or cannot say – functions, NaN, cycles, Map, hostile keys – throws a FlowError that is not retryable. What was
 * sealed before is returned as it is.
 */
export function seal<T>(value: T, options: SealOptions): T {
  if (typeof value !== 'object' || value === null) return sealScalar(value, { options, pointer: '' }) as T;
  if (measures.has(value)) {
    if (measureSealed(value).depth > (options.maxDepth ?? deepest)) throw tooDeep({ options, pointer: '' });
    return value;
  }
  return sealObject(value, { options, pointer: '', depth: 1, done: new Map(), open: new Set() }) as T;
}

/** The size of a scalar or of something sealed. */
export function measureSealed(value: unknown): Measure {
  if (typeof value === 'object' && value !== null) return measures.get(value) ?? unsealed();
  return { bytes: scalarBytes(value), depth: 0 };
}

export function isSealed(value: unknown): boolean {
  return typeof value !== 'object' || value === null || measures.has(value);
}

interface Where {
  readonly options: SealOptions;
  readonly pointer: string;
}

interface Walk extends Where {
  readonly depth: number;
  /** Originals and their copies: a value met twice is copied once, so a small graph cannot explode. */
  readonly done: Map<object, unknown>;
  readonly open: Set<object>;
}

function sealValue(value: unknown, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) return sealScalar(value, walk);
  const known = measures.get(value);
  if (known !== undefined) {
    if (walk.depth - 1 + known.depth > (walk.options.maxDepth ?? deepest)) throw tooDeep(walk);
    return value;
  }
  return walk.done.get(value) ?? sealObject(value, walk);
}

function sealObject(value: object, walk: Walk): unknown {
  if (walk.open.has(value)) throw notJson(walk, 'is circular');
  if (walk.depth > (walk.options.maxDepth ?? deepest)) throw tooDeep(walk);
  const toJson = (value as { toJSON?: unknown }).toJSON;
  walk.open.add(value);
  const copy = typeof toJson === 'function' ? sealValue(toJson.call(value), walk) : copyObject(value, walk);
  walk.open.delete(value);
  walk.done.set(value, copy);
  return copy;
}

function copyObject(value: object, walk: Walk): unknown {
  if (Array.isArray(value)) {
    // Array.from also visits holes, which JSON writes as null.
    return record(Array.from(value, (member: unknown, index) => sealValue(member ?? null, deeper(walk, String(index)))));
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (lossy.has(tag) || ArrayBuffer.isView(value)) throw notJson(walk, `is a ${tag}, which JSON cannot say`);
  if (boxed.has(tag)) return sealScalar(value.valueOf(), walk);
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (hostileKeys.has(key)) throw notJson(walk, `has the key "${key}", which is never allowed`);
    if (member !== undefined) copy[key] = sealValue(member, deeper(walk, key));
  }
  return record(copy);
}

function record(copy: object): object {
  let bytes = 2;
  let depth = 0;
  const named = !Array.isArray(copy);
  for (const [key, member] of Object.entries(copy)) {
    const measure = measureSealed(member);
    bytes += measure.bytes + 1 + (named ? Buffer.byteLength(key) + 3 : 0);
    depth = Math.max(depth, measure.depth);
  }
  measures.set(Object.freeze(copy), { bytes, depth: depth + 1 });
  return copy;
}

function sealScalar(value: unknown, where: Where): unknown {
  switch (typeof value) {
    case 'number':
      if (Number.isFinite(value)) return value;
      throw notJson(where, `is ${value}, which JSON cannot say`);
    case 'bigint':
    case 'function':
    case 'symbol':
      throw notJson(where, `is a ${typeof value}, which JSON cannot say`);
    default:
      return value;
  }
}

function scalarBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return Buffer.byteLength(value) + 2;
    case 'number':
      return String(value).length;
    case 'boolean':
      return value ? 4 : 5;
    default:
      return 4;
  }
}

const lossy: ReadonlySet<string> = new Set('Map Set WeakMap WeakSet Promise RegExp Error ArrayBuffer SharedArrayBuffer'.split(' '));
const boxed: ReadonlySet<string> = new Set(['Number', 'String', 'Boolean']);

function deeper(walk: Walk, key: string): Walk {
  return {
    ...walk,
    depth: walk.depth + 1,
    pointer: `${walk.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  };
}

function notJson({ options, pointer }: Where, problem: string): FlowError {
  const place = pointer === '' ? '' : ` at ${pointer}`;
  return new FlowError(options.code ?? 'INVALID_INPUT', `The ${options.what} is not JSON:${place || ' it'} ${problem}.`, {
    retryable: false,
    details: { pointer },
  });
}

function tooDeep({ options }: Where): FlowError {
  const limit = options.maxDepth ?? deepest;
  return new FlowError('CONTEXT_LIMIT', `The ${options.what} is nested deeper than ${limit} levels.`, {
    details: { limit },
  });
}

function unsealed(): never {
  throw new TypeError('measureSealed() was given a value that is not sealed');
}
