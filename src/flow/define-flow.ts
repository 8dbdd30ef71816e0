import { isStandardSchema, toJsonSchema, type AnySchema } from './standard-schema.ts';
import type { Flow, InputSelector, RetryConfig, Step } from './types.ts';

/** A flow as it is written in TypeScript: `Id` are the ids of its steps, so a wrong target does not compile. */
export interface FlowDefinition<Id extends string> extends Omit<Flow, 'initialStepId' | 'steps' | 'inputSchema' | 'metadata'> {
  initialStepId: NoInfer<Id>;
  steps: { readonly [Key in Id]: StepDefinition<Key, NoInfer<Id>> };
  /** JSON Schema, or a Standard Schema that can be written as one. */
  inputSchema?: AnySchema;
  metadata?: { onCancel?: NoInfer<Id>; [key: string]: unknown };
}

export interface StepDefinition<Key extends string, Id extends string> {
  /** Taken from the key when absent. */
  id?: Key;
  type: string;
  name?: string;
  config?: Record<string, unknown>;
  input: InputSelector;
  outputKey?: string;
  transitions: {
    onSuccess: Id | null;
    onFailure?: Id | null;
    onResume?: Id | null;
    onTimeout?: Id | null;
  };
  timeout?: number;
  retries?: RetryConfig;
}

/** Plain JSON out of a typed definition. It is validated when it is registered. */
export function defineFlow<const Id extends string>(definition: FlowDefinition<Id>): Flow {
  const { inputSchema, steps, ...rest } = definition;
  const entries = Object.entries<StepDefinition<Id, Id>>(steps);
  return {
    ...rest,
    ...(inputSchema === undefined ? {} : { inputSchema: isStandardSchema(inputSchema) ? toJsonSchema(inputSchema) : inputSchema }),
    steps: Object.fromEntries(entries.map(([key, step]): [string, Step] => [key, { ...step, id: step.id ?? key }])),
  };
}
