import { z } from 'zod';
import { FlowError } from './errors.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { escapePointer } from './template.ts';
import type { FlowProblem, JSONSchema } from './types.ts';

/** The part of https://standardschema.dev that is used here; zod, valibot and arktype all fit. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: { readonly input: (options: { target: 'draft-2020-12' }) => Record<string, unknown> };
  };
}
type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };
interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Wherever a schema is taken, either kind will do (issue: Standard Schema accepted wherever a schema is). */
export type AnySchema = StandardSchema | JSONSchema;

export type SchemaOutput<S, Fallback> = S extends StandardSchema<infer _, infer Output> ? Output : Fallback;

export function isStandardSchema(schema: unknown): schema is StandardSchema {
  // Some libraries make their schemas callable.
  return ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') && '~standard' in schema;
}

export type Checked = { readonly value: unknown } | { readonly problems: readonly FlowProblem[] };

/** The value as the schema parses it, or what is wrong with it. JSON Schemas given here are code, so not limited in time. */
export async function checkSchema(schema: AnySchema, value: unknown): Promise<Checked> {
  if (isStandardSchema(schema)) return fromResult(await schema['~standard'].validate(value));
  const problems = jsonSchemaProblems(schema, value);
  return problems.length > 0 ? { problems } : { value };
}

/** The same at once, for `register`; a schema that can only answer later is left for the run. */
export function checkSchemaNow(schema: AnySchema, value: unknown): readonly FlowProblem[] {
  if (!isStandardSchema(schema)) return jsonSchemaProblems(schema, value);
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) return [];
  const checked = fromResult(result);
  return 'problems' in checked ? checked.problems : [];
}

/** The JSON Schema of a schema's input, for editors and for flows, which are stored as JSON. Throws INVALID_FLOW if it has none. */
export function toJsonSchema(schema: AnySchema): JSONSchema {
  if (!isStandardSchema(schema)) return schema;
  const convert = schema['~standard'].jsonSchema?.input;
  if (convert) return convert({ target: 'draft-2020-12' });
  if (schema instanceof z.ZodType) return z.toJSONSchema(schema, { io: 'input' }) as JSONSchema;
  throw new FlowError('INVALID_FLOW', `The ${schema['~standard'].vendor} schema cannot be written as JSON Schema; pass one instead.`);
}

function fromResult(result: StandardResult<unknown>): Checked {
  if (result.issues === undefined) return { value: result.value };
  return { problems: result.issues.map(({ message, path }) => ({ message, pointer: toPointer(path ?? []) })) };
}

function toPointer(path: NonNullable<StandardIssue['path']>): string {
  return path.map((part) => `/${escapePointer(String(typeof part === 'object' ? part.key : part))}`).join('');
}
