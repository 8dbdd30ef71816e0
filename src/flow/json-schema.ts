import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { FlowProblem, JSONSchema } from './types.ts';

// Loaded when first needed: most programs that import Pawl never register a schema.
const load = createRequire(import.meta.url);
let instance: Ajv2020 | undefined;

const compiled = new WeakMap<object, ValidateFunction>();

/**
 * Checks against a schema that came with the program, on this thread, without a time limit. What a flow brings is
 * checked by the sandbox. No value fits a schema that cannot be used.
 */
export function jsonSchemaProblems(schema: JSONSchema, value: unknown): readonly FlowProblem[] {
  if (typeof schema === 'boolean') return schema ? [] : [{ pointer: '', message: 'no value is allowed here' }];
  const unusable = asyncProblem(schema);
  if (unusable !== undefined) return [{ pointer: '', message: unusable }];
  let check = compiled.get(schema);
  if (check === undefined) {
    check = ajv().compile(schema);
    compiled.set(schema, check);
  }
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => ({
    pointer: error.instancePath,
    message: error.message ?? error.keyword,
  }));
}

/** Why a JSON Schema cannot be used, or undefined if it can. */
export function schemaProblem(schema: unknown): string | undefined {
  return asyncProblem(schema) ?? compileProblem(schema);
}

/** The same for a schema that is stored already: there one with `$async` fails whoever is checked by it, and nothing else. */
export function compileProblem(schema: unknown): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return 'a JSON Schema is an object or a boolean';
  try {
    ajv().compile(schema);
    // Only asked about: kept, every version of every flow would stay in memory.
    ajv().removeSchema(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Ajv answers such a schema with a promise, which looks like yes. Further down it refuses the keyword itself. */
export function asyncProblem(schema: unknown): string | undefined {
  const isAsync = typeof schema === 'object' && schema !== null && Boolean((schema as { $async?: unknown }).$async);
  return isAsync ? '"$async" is not supported: a schema must tell at once whether a value fits' : undefined;
}

function ajv(): Ajv2020 {
  if (instance === undefined) {
    const { Ajv2020: Class } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    instance = new Class({ allErrors: true, strict: false, addUsedSchema: false, logger: false });
    (load('ajv-formats') as { default: (ajv: Ajv2020) => void }).default(instance);
  }
  return instance;
}
