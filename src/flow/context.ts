import { FlowError } from './errors.ts';
import { writePath } from './safe-path.ts';
import { deepestValue, measureSealed, seal } from './seal.ts';

export type Context = Readonly<Record<string, unknown>>;

/** One change of a context. Without a value the top-level key goes. */
export type ContextWrite =
  | { readonly path: readonly string[]; readonly value: unknown }
  | { readonly path: readonly [string]; readonly removed: true };

/** How large contexts and outputs may grow (flow.md §4, rule 10). */
export interface ContextLimits {
  /** Bytes of the value under one key, and of one output. */
  readonly maxValueBytes: number;
  /** Bytes of the whole context. */
  readonly maxTotalBytes: number;
  readonly maxKeys: number;
  /** Levels of a value; more than 190 count as 190. */
  readonly maxDepth: number;
}

export const defaultContextLimits: ContextLimits = {
  maxValueBytes: 2 ** 20,
  maxTotalBytes: 10 * 2 ** 20,
  maxKeys: 500,
  maxDepth: 32,
};

/** The default limits with others in their place, and none that lets in what could not be loaded again. */
export function contextLimits(given: Partial<ContextLimits> = {}): ContextLimits {
  const limits = { ...defaultContextLimits, ...given };
  return { ...limits, maxDepth: Math.min(limits.maxDepth, deepestValue) };
}

/** The first context of an execution: sealed and within the limits. */
export function createContext(value: unknown, limits: ContextLimits): Context {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FlowError('INVALID_INPUT', `The context must be an object, not ${describeType(value)}.`);
  }
  // One level more than a value may have: the context itself.
  const context = seal(value as Context, { what: 'context', maxDepth: limits.maxDepth + 1 });
  for (const key of Object.keys(context)) checkValue(context[key], `context value "${key}"`, limits);
  checkWhole(context, limits);
  return context;
}

/** The context after `writes`, sharing all that did not change. Throws CONTEXT_LIMIT, or HANDLER_ERROR for a bad path. */
export function applyWrites(context: Context, writes: readonly ContextWrite[], limits?: ContextLimits): Context {
  if (writes.length === 0) return context;
  let next = context;
  for (const write of writes) next = applyWrite(next, write);
  const sealed = seal(next, {
    what: 'context',
    code: 'HANDLER_ERROR',
    ...(limits ? { maxDepth: limits.maxDepth + 1 } : {}),
  });
  if (limits) {
    for (const { path } of writes) checkValue(sealed[path[0] ?? ''], `context value "${path[0]}"`, limits);
    checkWhole(sealed, limits);
  }
  return sealed;
}

/** A sealed output within the limits of one value. */
export function sealOutput(value: unknown, what: string, limits: ContextLimits): unknown {
  const sealed = seal(value, { what, code: 'HANDLER_ERROR', maxDepth: limits.maxDepth });
  checkValue(sealed, what, limits);
  return sealed;
}

/** The same for what comes from outside an execution: what is not JSON is the giver's mistake, INVALID_INPUT. */
export function sealGiven(value: unknown, what: string, limits: ContextLimits): unknown {
  const sealed = seal(value, { what, maxDepth: limits.maxDepth });
  checkValue(sealed, what, limits);
  return sealed;
}

function applyWrite(context: Context, write: ContextWrite): Context {
  if ('removed' in write) {
    const { [write.path[0]]: _, ...rest } = context;
    return rest;
  }
  try {
    return writePath(context, write.path, write.value) as Context;
  } catch (cause) {
    const path = write.path.join('.');
    throw new FlowError('HANDLER_ERROR', `The output cannot be stored at "${path}": ${(cause as Error).message}.`, {
      cause,
      retryable: false,
    });
  }
}

function checkValue(value: unknown, what: string, limits: ContextLimits): void {
  const { bytes } = measureSealed(value);
  if (bytes > limits.maxValueBytes) throw overLimit(what, bytes, limits.maxValueBytes, 'bytes');
}

function checkWhole(context: Context, limits: ContextLimits): void {
  const { bytes } = measureSealed(context);
  if (bytes > limits.maxTotalBytes) throw overLimit('context', bytes, limits.maxTotalBytes, 'bytes');
  const keys = Object.keys(context).length;
  if (keys > limits.maxKeys) throw overLimit('context', keys, limits.maxKeys, 'keys');
}

function overLimit(what: string, actual: number, limit: number, unit: string): FlowError {
  return new FlowError('CONTEXT_LIMIT', `The ${what} has ${actual} ${unit}; the limit is ${limit}.`, {
    details: { actual, limit, unit },
  });
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
