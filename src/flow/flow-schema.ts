import { z } from 'zod';
import { semverPattern } from './semver.ts';

const flowId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,200}$/)
  .describe('Letters, digits, "_", "." and "-".');
const stepRef = z.string().min(1).max(200);
const free = z.record(z.string(), z.unknown());

const selectors = [
  z.strictObject({ type: z.literal('key'), key: z.string().min(1) }).describe('One key of the context.'),
  z.strictObject({ type: z.literal('keys'), keys: z.array(z.string().min(1)) }).describe('An object of those keys that are there.'),
  z.strictObject({ type: z.literal('path'), path: z.string().min(1) }).describe('A dot path, such as order.items.0.name.'),
  z
    .strictObject({ type: z.literal('template'), template: z.unknown() })
    .describe('Any JSON in whose strings ${path} and ${path:-default} are filled in.'),
  z.strictObject({ type: z.literal('full') }).describe('The whole context.'),
  z.strictObject({ type: z.literal('static'), value: z.unknown() }).describe('This value.'),
  z.strictObject({ type: z.literal('expression'), expression: z.string().min(1).max(10_000) }).describe('JSONata over the context.'),
] as const;

const selectorTypes = selectors.map(({ shape }) => `"${shape.type.value}"`).join(', ');

export const selectorSchema = z
  .discriminatedUnion('type', selectors, {
    error: ({ code }) => (code === 'invalid_union' ? `a selector has one of the types ${selectorTypes}` : undefined),
  })
  .meta({ id: 'InputSelector' });

export const retrySchema = z
  .strictObject({
    maxAttempts: z.int().min(0).max(1_000).describe('Attempts after the first.'),
    backoff: z.enum(['fixed', 'exponential']).optional(),
    initialDelay: z.number().min(0).max(2_592_000_000).optional().describe('Milliseconds before the first retry; default 1000.'),
    maxDelay: z.number().min(0).max(2_592_000_000).optional().describe('Milliseconds that no back-off exceeds; default 300000.'),
    jitter: z.boolean().optional(),
    retryOn: z.array(z.string().min(1)).optional().describe('Error codes; absent: every retryable error.'),
  })
  .meta({ id: 'RetryConfig' });

export const stepSchema = z
  .strictObject({
    id: stepRef.describe('The same as its key.'),
    type: z.string().min(1).max(200).describe('The type of the handler.'),
    name: z.string().optional(),
    config: free.optional().describe('Handed to the handler as it is.'),
    input: selectorSchema,
    outputKey: z.string().min(1).optional().describe('A dot path into the context.'),
    transitions: z.strictObject({
      onSuccess: stepRef.nullable().describe('null completes the execution.'),
      onFailure: stepRef.nullable().optional(),
      onResume: stepRef.nullable().optional(),
      onTimeout: stepRef.nullable().optional(),
    }),
    timeout: z.number().positive().optional().describe('Milliseconds for one attempt.'),
    retries: retrySchema.optional(),
  })
  .meta({ id: 'Step' });

/** The shape of a flow: what `register` checks first, and the source of `schema/flow.schema.json`. */
export const flowSchema = z
  .strictObject({
    $schema: z.string().optional(),
    id: flowId,
    version: z.string().max(128).regex(semverPattern, 'must be a semantic version without build metadata, such as 1.2.0'),
    name: z.string().optional(),
    description: z.string().optional(),
    tags: z.array(z.string()).optional(),
    status: z.enum(['draft', 'published', 'archived']).optional().describe('Default published.'),
    initialStepId: stepRef,
    steps: z.record(stepRef, stepSchema),
    inputSchema: z.union([z.boolean(), free]).optional().describe('A JSON Schema for the context an execution begins with.'),
    output: selectorSchema.optional().describe('What the execution returns; default: its whole context.'),
    metadata: free.optional().describe('Free; onCancel names the step at which compensation begins.'),
  })
  .meta({ id: 'Flow', title: 'Pawl flow' });
