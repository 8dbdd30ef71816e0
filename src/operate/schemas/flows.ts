import { z } from 'zod';
import { instantSchema } from './common.ts';

export const flowStatusSchema = z.enum(['draft', 'published', 'archived']);

export const flowVersionSchema = z
  .object({
    flowId: z.string(),
    version: z.string(),
    name: z.string().nullable(),
    description: z.string().nullable(),
    status: flowStatusSchema,
    steps: z.number().int(),
  })
  .meta({ id: 'FlowVersion' });

export const flowSummarySchema = flowVersionSchema
  .extend({ versions: z.array(z.string()).readonly().meta({ description: 'The newest first.' }) })
  .meta({ id: 'FlowSummary' });

export const graphNodeSchema = z.object({ id: z.string(), handler: z.string(), label: z.string() });
export const graphEdgeSchema = z.object({
  from: z.string(),
  to: z.string().nullable().meta({ description: 'null: the flow ends here.' }),
  on: z.enum(['success', 'failure', 'resume', 'timeout', 'next']),
});
export const graphSchema = z
  .object({ initial: z.string(), nodes: z.array(graphNodeSchema).readonly(), edges: z.array(graphEdgeSchema).readonly() })
  .meta({ id: 'FlowGraph' });

export const flowDetailSchema = flowVersionSchema
  .extend({ definition: z.record(z.string(), z.unknown()), graph: graphSchema, inputSchema: z.unknown().nullable() })
  .meta({ id: 'FlowDetail' });

export const flowProblemSchema = z.object({ pointer: z.string(), message: z.string() });
export const flowCheckSchema = z.object({ valid: z.boolean(), problems: z.array(flowProblemSchema).readonly() }).meta({ id: 'FlowCheck' });

/** Its shape is the Engine's to check, which says more than a schema could. */
export const flowDefinitionSchema = z
  .record(z.string(), z.unknown())
  .meta({ id: 'FlowDefinition', description: 'A flow; see schema/flow.schema.json.' });

export const triggerSchema = z
  .object({
    triggerId: z.string(),
    type: z.enum(['http', 'schedule', 'event']),
    flowId: z.string(),
    version: z.string().nullable(),
    tenantId: z.string().nullable(),
    enabled: z.boolean(),
    createdAt: instantSchema,
    nextFireAt: instantSchema.nullable(),
    summary: z.string().meta({ description: 'When it fires, in one line.' }),
  })
  .meta({ id: 'Trigger' });

export const triggerDetailSchema = triggerSchema
  .extend({
    definition: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets.' }),
    nextFirings: z.array(instantSchema).readonly(),
  })
  .meta({ id: 'TriggerDetail' });

export const firingSchema = z
  .object({
    firedAt: instantSchema,
    scheduledFor: instantSchema.nullable(),
    runId: z.string().nullable(),
    duplicate: z.boolean(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Firing' });

export const triggerDefinitionSchema = z
  .record(z.string(), z.unknown())
  .meta({ id: 'TriggerDefinition', description: 'See docs/flows/triggers.md.' });
export const fireSchema = z.object({
  data: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'What the trigger sees, instead of what it would see by itself.' }),
});
