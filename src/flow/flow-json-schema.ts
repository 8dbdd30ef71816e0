import { z } from 'zod';
import { flowSchema } from './flow-schema.ts';
import { builtinHandlers } from './handlers/builtin-handlers.ts';

/** The JSON Schema of a flow file, draft 2020-12, with the config of each built-in handler: what an editor completes from. */
export function flowJsonSchema(): Record<string, unknown> {
  const { $defs: named = {}, ...schema } = withoutId(z.toJSONSchema(flowSchema, { io: 'input' })) as Schema;
  const $defs = Object.fromEntries(Object.entries(named).map(([name, def]) => [name, withoutId(def)]));
  const handlers = builtinHandlers().flatMap(({ type, metadata }) =>
    metadata?.configSchema === undefined ? [] : [[type, metadata.configSchema] as const],
  );
  const configs = handlers.map(([type, config]) => {
    const { $schema: _, ...rest } = config as Record<string, unknown>;
    return [`config:${type}`, rest] as const;
  });
  const byType = handlers.map(([type]) => ({
    if: { properties: { type: { const: type } } },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's word
    then: { properties: { config: { $ref: `#/$defs/config:${type}` } } },
  }));
  return { ...schema, $defs: { ...$defs, ...Object.fromEntries(configs), Step: { ...$defs.Step, allOf: byType } } };
}

interface Schema {
  readonly $defs?: Record<string, object>;
}

/** zod writes the name of a schema as `id` too, which draft 2020-12 does not know. */
function withoutId(schema: object): object {
  const { id: _, ...rest } = schema as { id?: string };
  return rest;
}
