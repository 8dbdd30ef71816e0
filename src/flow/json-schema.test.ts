import { describe, expect, it } from 'vitest';
import { createHandlerRegistry } from './handler-registry.ts';
import { jsonSchemaProblems, schemaProblem } from './json-schema.ts';
import { Result } from './result.ts';
import { TestHarness } from './testing/harness.ts';
import { buildFlow } from './testing/build-flow.ts';
import type { HandlerMetadata } from './types.ts';

/** Ajv answers it with a promise, which is as true as any. */
const later = { $async: true, type: 'object', required: ['amount'] };

describe('a JSON Schema that would answer later', () => {
  it('is a problem, wherever Ajv would take it for one', () => {
    expect(schemaProblem(later)).toMatch(/\$async/);
    expect(schemaProblem({ ...later, $async: 'yes' })).toMatch(/\$async/);
    expect(schemaProblem({ $ref: '#/$defs/a', $defs: { a: later } })).toMatch(/async/);
    expect(schemaProblem({ allOf: [later] })).toMatch(/async/);
  });

  it('is not taken for one that only names a property so, or says no', () => {
    expect(schemaProblem({ properties: { $async: { type: 'boolean' } } })).toBeUndefined();
    expect(schemaProblem({ ...later, $async: false })).toBeUndefined();
  });

  it('lets no value pass', () => {
    expect(jsonSchemaProblems(later, {})).toEqual([{ pointer: '', message: expect.stringMatching(/\$async/) }]);
    expect(jsonSchemaProblems(later, { amount: 1 })).toHaveLength(1);
  });

  it.each(['inputSchema', 'configSchema', 'outputSchema'] as const)('is refused as the %s of a handler', (key) => {
    const handler = { type: 'a', metadata: { [key]: later } satisfies HandlerMetadata, execute: async () => Result.success() };
    expect(() => createHandlerRegistry([handler])).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(new RegExp(`"a".*${key}.*\\$async`)) }),
    );
  });

  it('fails the step alone of a handler that a registry of somebody else let in', async () => {
    const harness = new TestHarness({ flows: [buildFlow({ a: {} })] });
    const handler = harness.engine.handlers;
    const brought = { type: 'a', metadata: { inputSchema: later }, execute: async () => Result.success() };
    const get = handler.get.bind(handler);
    handler.get = (type) => (type === 'a' ? brought : get(type));
    expect((await harness.run('flow', {})).error).toMatchObject({ code: 'INVALID_INPUT', stepId: 'a', retryable: false });
  });
});
