import { z } from 'zod';
import { runFilterSchema } from './runs.ts';

// PostgreSQL knows no NUL in a text.
const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\0]*$/);
const reasonSchema = text(1_000);
const keySchema = text(256);

export const startRunSchema = z.object({
  workflow: text(500).meta({ description: 'The name of a "use workflow" function, or `flow//<id>[@<version>]`.' }),
  args: z.array(z.unknown()).max(100).default([]).meta({ description: 'Its arguments; of a flow one object, the input.' }),
});

export const cancelSchema = z.object({ reason: reasonSchema.optional() });
export const retrySchema = z.object({ fromStep: text(200).optional() });
export const resumeRunSchema = z.object({
  hookId: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .meta({ description: 'Which hook; without it the only one there is, or the wait of a flow.' }),
  data: z.unknown().optional(),
});
export const resumeTokenSchema = z.object({
  token: text(1_000).optional().meta({ description: 'Or the header X-Pawl-Resume-Token.' }),
  data: z.unknown().optional(),
});

export const bulkSchema = z.object({
  action: z.enum(['cancel', 'retry']),
  filter: runFilterSchema.refine((filter) => Object.values(filter).some((value) => value !== undefined), {
    error: 'must name at least one condition',
  }),
  dryRun: z.boolean().default(true).meta({ description: 'Only count what it would act on.' }),
  reason: reasonSchema.optional(),
  cursor: z.string().max(1_000).optional().meta({ description: 'Of the call before, to go on after the last run that it acted on.' }),
});

export const bulkResultSchema = z
  .object({
    matched: z.number().int(),
    done: z.number().int(),
    skipped: z.number().int().meta({ description: 'Retried in bulk before, and so not once more.' }),
    failed: z.array(z.object({ runId: z.string(), problem: z.string() })).readonly(),
    dryRun: z.boolean(),
    more: z.boolean().meta({ description: 'More match than one call acts on: call again with `cursor`.' }),
    cursor: z.string().nullable().meta({ description: 'Where the next call goes on; null: nothing is left.' }),
  })
  .meta({ id: 'BulkResult' });

export const resumedSchema = z.object({ runId: z.string() }).meta({ id: 'Resumed' });
export const startFlowSchema = z.object({
  input: z.record(z.string(), z.unknown()).default({}),
  version: text(100).optional(),
  idempotencyKey: keySchema.optional(),
  tenantId: text(200).optional(),
});
export const idempotencyKeySchema = keySchema;
