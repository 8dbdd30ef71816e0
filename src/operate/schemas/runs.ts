import { z } from 'zod';
import {
  errorSchema,
  instantSchema,
  pageQuerySchema,
  payloadSchema,
  runKindSchema,
  runStatusSchema,
  shortErrorSchema,
  stepStatusSchema,
} from './common.ts';

export const runSummarySchema = z
  .object({
    runId: z.string(),
    kind: runKindSchema,
    name: z.string().meta({ description: 'The workflow as a person calls it.' }),
    workflowName: z.string().meta({ description: 'The same as it is stored.' }),
    status: runStatusSchema,
    tenantId: z.string().nullable(),
    deploymentId: z.string(),
    createdAt: instantSchema,
    startedAt: instantSchema.nullable(),
    completedAt: instantSchema.nullable(),
    durationMs: z.number().nullable().meta({ description: 'From the start to the end; null until it has ended.' }),
    error: shortErrorSchema.nullable(),
  })
  .meta({ id: 'RunSummary' });

export const runActionSchema = z.enum(['cancel', 'wake', 'resume', 'retry', 'replay']).meta({ id: 'RunAction' });

export const flowPathEntrySchema = z.object({
  stepId: z.string(),
  status: z.enum(['success', 'failure', 'wait', 'running', 'retrying', 'waiting']),
  visit: z.number().int(),
  at: instantSchema,
});

export const flowStateSchema = z.object({
  flowId: z.string(),
  version: z.string(),
  currentStep: z.string().nullable(),
  path: z.array(flowPathEntrySchema).readonly(),
});

export const runDetailSchema = runSummarySchema
  .extend({
    input: payloadSchema,
    output: payloadSchema,
    error: errorSchema.nullable(),
    flow: flowStateSchema.nullable(),
    retryOf: z.string().nullable(),
    parentId: z.string().nullable(),
    counts: z.object({
      events: z.number().int(),
      steps: z.number().int(),
      hooks: z.number().int(),
      waits: z.number().int(),
      streams: z.number().int(),
    }),
    actions: z.array(runActionSchema).readonly().meta({ description: 'What is possible now, for this token.' }),
  })
  .meta({ id: 'RunDetail' });

export const eventSchema = z
  .object({
    eventId: z.string(),
    eventType: z.string(),
    at: instantSchema,
    correlationId: z.string().nullable(),
    data: payloadSchema,
  })
  .meta({ id: 'Event' });

export const stepAttemptSchema = z.object({
  startedAt: instantSchema,
  endedAt: instantSchema.nullable(),
  outcome: z.enum(['completed', 'failed', 'retrying', 'running', 'cancelled']),
  error: shortErrorSchema.nullable(),
});

export const stepSummarySchema = z
  .object({
    stepId: z.string(),
    name: z.string(),
    status: stepStatusSchema,
    attempt: z.number().int(),
    createdAt: instantSchema,
    startedAt: instantSchema.nullable(),
    completedAt: instantSchema.nullable(),
    retryAfter: instantSchema.nullable(),
    error: errorSchema.nullable(),
    attempts: z.array(stepAttemptSchema).readonly(),
  })
  .meta({ id: 'StepSummary' });

export const stepSchema = stepSummarySchema.extend({ input: payloadSchema, output: payloadSchema }).meta({ id: 'Step' });

export const hookSchema = z
  .object({
    hookId: z.string(),
    tokenHint: z.string().meta({ description: 'Enough to tell tokens apart, never enough to use one.' }),
    status: z.enum(['waiting', 'received', 'disposed']),
    createdAt: instantSchema,
    receivedAt: instantSchema.nullable().meta({ description: 'When it was answered last.' }),
    receivedCount: z.number().int(),
    isFlowWait: z.boolean(),
    schema: z.unknown().nullable().meta({ description: 'The JSON Schema of what it waits for, where it says one.' }),
  })
  .meta({ id: 'Hook' });

export const waitSchema = z
  .object({
    waitId: z.string(),
    status: z.enum(['waiting', 'completed', 'cancelled']),
    resumeAt: instantSchema,
    createdAt: instantSchema,
    completedAt: instantSchema.nullable().meta({ description: 'When it ended; before `resumeAt` if somebody woke the run.' }),
  })
  .meta({ id: 'Wait' });

export const streamSchema = z.object({ name: z.string(), chunks: z.number().int(), closed: z.boolean() }).meta({ id: 'Stream' });

export const explanationSchema = z
  .object({
    text: z.string().meta({ description: 'One paragraph: what the run waits for, and since when.' }),
    facts: z
      .array(z.looseObject({ kind: z.string() }))
      .readonly()
      .meta({ description: 'What the text was made of: one entry for each thing it does or waits for.' }),
  })
  .meta({ id: 'Explanation' });

// PostgreSQL knows no NUL in a text, and no name has one.
const textSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\0]*$/);

/** What narrows a list of runs; all of them must hold. */
export const runFilterSchema = z.object({
  status: runStatusSchema.optional(),
  kind: runKindSchema.optional(),
  name: textSchema.optional().meta({ description: 'Text in the name of the workflow, in any case.' }),
  tenant: textSchema.optional(),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Created at or after.' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Created before.' }),
  q: textSchema.optional().meta({ description: 'Text in the id.' }),
});

export const runQuerySchema = runFilterSchema.extend({
  order: z.enum(['asc', 'desc']).optional().meta({ description: 'By when they were created; default desc, the newest first.' }),
  ...pageQuerySchema.shape,
});
