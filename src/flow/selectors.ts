import type { Context, ContextLimits } from './context.ts';
import { FlowError } from './errors.ts';
import { readKey, readPath } from './safe-path.ts';
import type { Sandbox } from './sandbox.ts';
import { measureSealed, seal } from './seal.ts';
import { renderTemplate } from './template.ts';
import type { InputSelector } from './types.ts';

export interface ResolveOptions {
  readonly sandbox: Sandbox;
  readonly limits: ContextLimits;
  /** The instant that an expression sees as `$now()`. */
  readonly now: number;
}

/**
 * What a selector picks from the context, frozen. Throws INPUT_RESOLUTION_ERROR for what is missing, CONTEXT_LIMIT
 * for what grows too large (flow.md §2).
 */
export async function resolveSelector(selector: InputSelector, context: Context, options: ResolveOptions): Promise<unknown> {
  switch (selector.type) {
    case 'full':
      return context;
    case 'static':
      return seal(selector.value, { what: 'static value', code: 'INPUT_RESOLUTION_ERROR' });
    case 'key':
      return found(readKey(context, selector.key), `Key "${selector.key}"`);
    case 'path':
      return found(readPath(context, selector.path), `Path "${selector.path}"`);
    case 'keys':
      return sealInput(pickKeys(context, selector.keys), options.limits);
    case 'template':
      return sealInput(renderTemplate(selector.template, context, options.limits.maxTotalBytes), options.limits);
    case 'expression': {
      const value = await options.sandbox.evaluate(selector.expression, context, options.now);
      if (value !== undefined) return sealInput(value, options.limits);
      throw new FlowError('INPUT_RESOLUTION_ERROR', 'The expression found nothing in the context.', {
        details: { expression: selector.expression },
      });
    }
    default:
      throw unknownSelector(selector);
  }
}

function found(read: ReturnType<typeof readKey>, what: string): unknown {
  if (read.found) return read.value;
  throw new FlowError('INPUT_RESOLUTION_ERROR', `${what} was not found in the context.`);
}

function pickKeys(context: Context, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const read = readKey(context, key);
      return read.found ? [[key, read.value]] : [];
    }),
  );
}

function sealInput(value: unknown, limits: ContextLimits): unknown {
  const sealed = seal(value, { what: 'input', code: 'INPUT_RESOLUTION_ERROR', maxDepth: limits.maxDepth + 1 });
  const { bytes } = measureSealed(sealed);
  if (bytes <= limits.maxTotalBytes) return sealed;
  throw new FlowError('CONTEXT_LIMIT', `The input has ${bytes} bytes; the limit is ${limits.maxTotalBytes}.`, {
    details: { actual: bytes, limit: limits.maxTotalBytes },
  });
}

function unknownSelector(selector: never): FlowError {
  const { type } = selector as { type?: unknown };
  return new FlowError('INPUT_RESOLUTION_ERROR', `"${String(type)}" is not a kind of input selector.`);
}
