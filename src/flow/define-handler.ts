import { freezeDeeply } from './freeze-deeply.ts';
import { FlowError } from './errors.ts';
import { checkSchema, checkSchemaNow, toJsonSchema, type AnySchema, type SchemaOutput } from './standard-schema.ts';
import type { FlowProblem, HandlerMetadata, HandlerParams, HandlerResult, StepHandler } from './types.ts';

export interface HandlerDefinition<Input, Config, Output> {
  readonly type: string;
  readonly stateful?: boolean;
  readonly input?: Input;
  readonly config?: Config;
  readonly output?: Output;
  readonly metadata?: Omit<HandlerMetadata, 'configSchema' | 'inputSchema' | 'outputSchema'>;
  execute(params: TypedHandlerParams<Input, Config>): Promise<HandlerResult> | HandlerResult;
}

export type TypedHandlerParams<Input, Config> = Omit<HandlerParams, 'input' | 'config'> & {
  input: SchemaOutput<Input, unknown>;
  config: SchemaOutput<Config, Record<string, unknown>>;
};

/** On the handler itself, so that a copy with another `execute` around this one keeps it. */
const selfChecking = Symbol('checks itself');

/**
 * A handler whose `execute` gets what its schemas parsed. An input or config that does not fit fails the step with
 * INVALID_INPUT, an output that does not fit with HANDLER_ERROR; neither is tried again (flow.md §1). A config is parsed
 * once for all executions: its objects and arrays are frozen, an instance of a class that a schema made is shared.
 */
export function defineHandler<
  const Input extends AnySchema | undefined = undefined,
  const Config extends AnySchema | undefined = undefined,
  const Output extends AnySchema | undefined = undefined,
>(definition: HandlerDefinition<Input, Config, Output>): StepHandler {
  const { type, stateful, input, config, output, metadata } = definition;
  // A config object belongs to a step of a frozen flow, so what it parsed to stays true.
  const parsedConfigs = new WeakMap<object, Promise<unknown>>();

  function parseConfig(value: Record<string, unknown>): Promise<unknown> {
    const known = parsedConfigs.get(value) ?? parse(config, value, `config of "${type}"`, 'INVALID_INPUT').then(freezeDeeply);
    parsedConfigs.set(value, known);
    return known;
  }

  return {
    [selfChecking]: true,
    type,
    ...(stateful === undefined ? {} : { stateful }),
    metadata: {
      ...metadata,
      ...describe('configSchema', config),
      ...describe('inputSchema', input),
      ...describe('outputSchema', output),
      checkConfig: (value, flow): readonly FlowProblem[] => [
        ...(config === undefined ? [] : checkSchemaNow(config, value)),
        ...(metadata?.checkConfig?.(value, flow) ?? []),
      ],
    },
    async execute(params) {
      const typed = {
        ...params,
        config: await parseConfig(params.config),
        input: await parse(input, params.input, `input of "${type}"`, 'INVALID_INPUT'),
      };
      const result: HandlerResult | undefined = await definition.execute(typed as TypedHandlerParams<Input, Config>);
      // One that forgot to return anything is for the engine to refuse.
      if (result?.type !== 'success' || output === undefined) return result;
      return { ...result, output: await parse(output, result.output, `output of "${type}"`, 'HANDLER_ERROR') };
    },
  } as StepHandler;
}

/** True for a handler that checks its own input, config and output; the Engine checks the others by their metadata. */
export function checksItself(handler: StepHandler): boolean {
  return selfChecking in handler;
}

/** The parsed value; throws with every problem, never retryable. */
export async function parse(
  schema: AnySchema | undefined,
  value: unknown,
  what: string,
  code: 'INVALID_INPUT' | 'HANDLER_ERROR',
): Promise<unknown> {
  if (schema === undefined) return value;
  const checked = await checkSchema(schema, value);
  if (!('problems' in checked)) return checked.value;
  const text = checked.problems.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ');
  throw new FlowError(code, `The ${what} does not fit its schema: ${text}.`, {
    retryable: false,
    details: { problems: checked.problems },
  });
}

function describe(key: 'configSchema' | 'inputSchema' | 'outputSchema', schema: AnySchema | undefined): HandlerMetadata {
  if (schema === undefined) return {};
  try {
    return { [key]: toJsonSchema(schema) };
  } catch {
    // Only documentation: a schema with transforms has no JSON form, and is still what decides.
    return {};
  }
}
