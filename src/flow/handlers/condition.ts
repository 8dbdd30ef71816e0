import { z } from 'zod';
import { canonicalJson } from '../canonical-json.ts';
import { pathProblem, readPath } from '../safe-path.ts';
import type { FlowProblem, HandlerParams } from '../types.ts';
import { expressionProblems } from '../validate.ts';

const operators = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'contains', 'exists', 'empty'] as const;

/** JSONata that is true or false, or a comparison of one value of the input. */
export const condition = z.union([
  z.string().min(1).max(10_000),
  z.strictObject({ path: z.string().min(1), op: z.enum(operators), value: z.unknown().optional() }),
]);
export type Condition = z.infer<typeof condition>;

export async function holds(test: Condition, { input, evaluate }: Pick<HandlerParams, 'input' | 'evaluate'>): Promise<boolean> {
  if (typeof test === 'string') return Boolean(await evaluate(`$boolean((${test}))`, input));
  const read = readPath(input, test.path);
  return compare(test.op, read.found ? read.value : undefined, test.value);
}

export function conditionProblems(test: unknown, pointer: string): readonly FlowProblem[] {
  if (typeof test === 'string') return expressionProblems(test, pointer);
  const path = (test as { path?: unknown } | undefined)?.path;
  const message = typeof path === 'string' && path !== '' ? pathProblem(path) : undefined;
  return message === undefined ? [] : [{ pointer: `${pointer}/path`, message }];
}

function compare(op: (typeof operators)[number], actual: unknown, value: unknown): boolean {
  switch (op) {
    case 'eq':
      return same(actual, value);
    case 'ne':
      return !same(actual, value);
    case 'gt':
      return ordered(actual, value) && (actual as number) > (value as number);
    case 'gte':
      return ordered(actual, value) && (actual as number) >= (value as number);
    case 'lt':
      return ordered(actual, value) && (actual as number) < (value as number);
    case 'lte':
      return ordered(actual, value) && (actual as number) <= (value as number);
    case 'in':
      return Array.isArray(value) && value.some((member) => same(actual, member));
    case 'contains':
      if (typeof actual === 'string') return typeof value === 'string' && actual.includes(value);
      return Array.isArray(actual) && actual.some((member) => same(member, value));
    case 'exists':
      return (actual !== undefined) === (value !== false);
    case 'empty':
      return isEmpty(actual) === (value !== false);
  }
}

/** Numbers with numbers and text with text: nothing is converted. */
function ordered(a: unknown, b: unknown): boolean {
  return (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string');
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonicalJson(a) === canonicalJson(b));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
