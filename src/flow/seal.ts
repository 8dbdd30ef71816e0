import { FlowError, type FlowErrorCode } from './errors.ts';
import { hostileKeys } from './safe-path.ts';
import { createStamp } from './stamp.ts';

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
  /** Bytes of the whole; default what can still be written as one text. */
  readonly maxBytes?: number;
}

/** Levels of anything that is sealed: shallow enough never to overflow the stack. */
export const deepest = 200;
/** What a limit may allow one value: an execution keeps it a few levels down, and has no more than `deepest` itself. */
export const deepestValue = deepest - 10;
/** Larger than any limit in use. What is met in many places may be far larger as JSON than in memory. */
const largest = 2 ** 28;

// What has been sealed is known by identity, so that a value is copied, frozen and measured once in its life and
// each step costs only what it changed.
const measures = createStamp<Measure>();

/**
 * A deeply frozen copy, as JSON would keep it (`toJSON` is asked, members that are undefined go). What JSON would
 * lose or cannot say – functions, NaN, cycles, Map, hostile keys – throws a FlowError that is not retryable; what is too
 * deep or too large as JSON throws CONTEXT_LIMIT. What was sealed before is returned as it is.
 */
export function seal<T>(value: T, options: SealOptions): T {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined) return value;
  return new Sealer(options).seal(value) as T;
}

/** The size of a scalar or of something sealed. */
export function measureSealed(value: unknown): Measure {
  if (typeof value === 'object' && value !== null) return measures.of(value) ?? unsealed();
  return { bytes: scalarBytes(value), depth: 0 };
}

export function isSealed(value: unknown): boolean {
  return typeof value !== 'object' || value === null || measures.of(value) !== undefined;
}

/** One walk through a value, with the way to where it is. */
class Sealer {
  readonly #options: SealOptions;
  readonly #maxDepth: number;
  readonly #maxBytes: number;
  readonly #keys: string[] = [];
  readonly #open: object[] = [];
  /** Originals and their copies: a value met twice is copied once, so that a graph costs no more than it holds. */
  #done: Map<object, unknown> | undefined;

  constructor(options: SealOptions) {
    this.#options = options;
    this.#maxDepth = options.maxDepth ?? deepest;
    this.#maxBytes = options.maxBytes ?? largest;
  }

  seal(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return this.#scalar(value);
    const sealed = measures.of(value) === undefined ? this.#done?.get(value) : value;
    if (sealed === undefined) return this.#object(value);
    // Not walked again, but it may be further down than where it was walked.
    if (this.#open.length + measureSealed(sealed).depth > this.#maxDepth) throw this.#tooDeep();
    return sealed;
  }

  #object(value: object): unknown {
    if (this.#open.includes(value)) throw this.#notJson('is circular');
    if (this.#open.length >= this.#maxDepth) throw this.#tooDeep();
    const toJson = (value as { toJSON?: unknown }).toJSON;
    this.#open.push(value);
    const copy = typeof toJson === 'function' ? this.seal(toJson.call(value)) : this.#copy(value);
    this.#open.pop();
    this.#done ??= new Map();
    this.#done.set(value, copy);
    return copy;
  }

  #copy(value: object): unknown {
    if (Array.isArray(value)) {
      // Array.from also visits holes, which JSON writes as null.
      return this.#record(Array.from(value, (member: unknown, index) => this.#member(String(index), member ?? null)));
    }
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    if (lossy.has(tag) || ArrayBuffer.isView(value)) throw this.#notJson(`is a ${tag}, which JSON cannot say`);
    if (boxed.has(tag)) return this.#scalar(value.valueOf());
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (hostileKeys.has(key)) throw this.#notJson(`has the key "${key}", which is never allowed`);
      const member = (value as Record<string, unknown>)[key];
      if (member !== undefined) copy[key] = this.#member(key, member);
    }
    return this.#record(copy);
  }

  #record(copy: object): object {
    const measure = measureMembers(copy);
    if (measure.bytes > this.#maxBytes) throw this.#tooLarge(measure.bytes);
    measures.put(copy, measure);
    return Object.freeze(copy);
  }

  #member(key: string, member: unknown): unknown {
    if (typeof member === 'string') return member;
    this.#keys.push(key);
    const sealed = this.seal(member);
    this.#keys.pop();
    return sealed;
  }

  #scalar(value: unknown): unknown {
    switch (typeof value) {
      case 'number':
        if (Number.isFinite(value)) return value;
        throw this.#notJson(`is ${value}, which JSON cannot say`);
      case 'bigint':
      case 'function':
      case 'symbol':
        throw this.#notJson(`is a ${typeof value}, which JSON cannot say`);
      default:
        return value;
    }
  }

  #notJson(problem: string): FlowError {
    const pointer = this.#keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    const place = pointer === '' ? '' : ` at ${pointer}`;
    return new FlowError(this.#options.code ?? 'INVALID_INPUT', `The ${this.#options.what} is not JSON:${place || ' it'} ${problem}.`, {
      retryable: false,
      details: { pointer },
    });
  }

  #tooDeep(): FlowError {
    return new FlowError('CONTEXT_LIMIT', `The ${this.#options.what} is nested deeper than ${this.#maxDepth} levels.`, {
      details: { limit: this.#maxDepth },
    });
  }

  #tooLarge(bytes: number): FlowError {
    return new FlowError('CONTEXT_LIMIT', `The ${this.#options.what} has ${bytes} bytes; the limit is ${this.#maxBytes}.`, {
      details: { actual: bytes, limit: this.#maxBytes, unit: 'bytes' },
    });
  }
}

function measureMembers(copy: object): Measure {
  let bytes = 2;
  let depth = 0;
  const named = !Array.isArray(copy);
  for (const key of Object.keys(copy)) {
    const member = (copy as Record<string, unknown>)[key];
    if (typeof member === 'object' && member !== null) {
      const measure = measureSealed(member);
      bytes += measure.bytes + 1;
      depth = Math.max(depth, measure.depth);
    } else bytes += scalarBytes(member) + 1;
    if (named) bytes += Buffer.byteLength(key) + 3;
  }
  return { bytes, depth: depth + 1 };
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

function unsealed(): never {
  throw new TypeError('measureSealed() was given a value that is not sealed');
}
