import { FlowError } from './errors.ts';
import { asyncProblem } from './json-schema.ts';
import type { HandlerRegistry } from './ports.ts';
import type { StepHandler } from './types.ts';

/**
 * Handlers by type. Registering a type again replaces its handler, so that a test or a program can override one. `register`
 * throws INVALID_INPUT for what is no handler, or one with a schema that cannot be used.
 */
export function createHandlerRegistry(handlers: Iterable<StepHandler> = []): HandlerRegistry {
  const byType = new Map<string, StepHandler>();
  const registry: HandlerRegistry = {
    register(handler) {
      if (typeof handler?.type !== 'string' || handler.type === '' || typeof handler.execute !== 'function') {
        throw new FlowError('INVALID_INPUT', 'A handler needs a type, which is not empty, and an execute function.');
      }
      expectSchemas(handler);
      byType.set(handler.type, handler);
    },
    get: (type) => byType.get(type),
    has: (type) => byType.has(type),
    list: () => [...byType.values()],
  };
  for (const handler of handlers) registry.register(handler);
  return registry;
}

function expectSchemas({ type, metadata }: StepHandler): void {
  for (const key of ['configSchema', 'inputSchema', 'outputSchema'] as const) {
    const problem = asyncProblem(metadata?.[key]);
    if (problem !== undefined) throw new FlowError('INVALID_INPUT', `The handler "${type}" cannot be used, its ${key} says: ${problem}.`);
  }
}
