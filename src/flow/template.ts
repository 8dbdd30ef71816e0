import { FlowError } from './errors.ts';
import { hostileKeys, pathProblem, readPath } from './safe-path.ts';
import type { FlowProblem } from './types.ts';

type Part = string | Variable;
interface Variable {
  readonly path: string;
  readonly fallback?: string;
}

/**
 * Fills a template from the context. A string that is exactly one `${path}` keeps the value's type; within a longer
 * one, objects are written as JSON. `${path:-default}` stands in for what is missing or null; `\${` is a literal.
 * Throws INPUT_RESOLUTION_ERROR, or CONTEXT_LIMIT if the text grows beyond `maxBytes` (flow.md §2).
 */
export function renderTemplate(template: unknown, context: unknown, maxBytes: number): unknown {
  return render(template, { context, budget: { left: maxBytes, maxBytes } });
}

/** What is wrong with the variables and keys of a template. */
export function templateProblems(template: unknown, pointer: string): FlowProblem[] {
  if (typeof template === 'string') {
    return parseTemplate(template).flatMap((part) => {
      const problem = typeof part === 'string' ? undefined : pathProblem(part.path);
      return problem === undefined ? [] : [{ pointer, message: `in a template variable, ${problem}` }];
    });
  }
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, member]) => templateProblems(member, `${pointer}/${escapePointer(key)}`));
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface Rendering {
  readonly context: unknown;
  readonly budget: { left: number; readonly maxBytes: number };
}

function render(template: unknown, rendering: Rendering): unknown {
  if (typeof template === 'string') return renderText(parseTemplate(template), rendering);
  if (Array.isArray(template)) return template.map((member) => render(member, rendering));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template)
      .filter(([key]) => !hostileKeys.has(key))
      .map(([key, member]) => [key, render(member, rendering)]),
  );
}

function renderText(parts: readonly Part[], rendering: Rendering): unknown {
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'object') return readVariable(only, rendering.context);
  let text = '';
  for (const part of parts) {
    const piece = typeof part === 'string' ? part : asText(readVariable(part, rendering.context));
    rendering.budget.left -= piece.length;
    if (rendering.budget.left < 0) {
      const { maxBytes } = rendering.budget;
      throw new FlowError('CONTEXT_LIMIT', `The template grows beyond ${maxBytes} bytes.`, {
        details: { limit: maxBytes },
      });
    }
    text += piece;
  }
  return text;
}

function readVariable({ path, fallback }: Variable, context: unknown): unknown {
  const read = readPath(context, path);
  if (read.found && !(read.value === null && fallback !== undefined)) return read.value;
  if (fallback !== undefined) return fallback;
  throw new FlowError('INPUT_RESOLUTION_ERROR', `Template variable "${path}" was not found in the context.`, {
    details: { path },
  });
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parseTemplate(text: string): Part[] {
  const parts: Part[] = [];
  let literal = '';
  let end = 0;
  for (const match of text.matchAll(/\\\$\{|\$\{([^{}]*)\}/g)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[1] === undefined) {
      literal += '${';
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(parseVariable(match[1]));
  }
  literal += text.slice(end);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

function parseVariable(text: string): Variable {
  const split = text.indexOf(':-');
  if (split === -1) return { path: text.trim() };
  return { path: text.slice(0, split).trim(), fallback: text.slice(split + 2) };
}
