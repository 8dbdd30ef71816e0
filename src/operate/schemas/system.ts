import { z } from 'zod';
import { instantSchema } from './common.ts';

export const scopeSchema = z.enum(['read', 'act', 'admin']).meta({ id: 'Scope' });

export const workerSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.number().int(),
    deploymentId: z.string(),
    startedAt: instantSchema,
    lastBeatAt: instantSchema.nullable().meta({ description: 'Only where the heartbeat is kept as an instant.' }),
    live: z.boolean(),
  })
  .meta({ id: 'Worker' });

export const queueDepthSchema = z
  .object({
    kind: z.enum(['run', 'step', 'message', 'flow']),
    ready: z.number().int().meta({ description: 'Due, and nobody has it.' }),
    leased: z.number().int(),
    delayed: z.number().int().meta({ description: 'Due later.' }),
    oldestDueAt: instantSchema.nullable(),
  })
  .meta({ id: 'QueueDepth' });

export const stuckRunSchema = z.object({ runId: z.string(), name: z.string(), since: instantSchema }).meta({ id: 'StuckRun' });

export const systemSchema = z
  .object({
    version: z.string(),
    store: z.enum(['sqlite', 'postgres']),
    schema: z.object({ version: z.number().int(), newest: z.number().int() }),
    now: instantSchema,
    workers: z.array(workerSchema).readonly(),
    queue: z.array(queueDepthSchema).readonly(),
    runs: z.object({ pending: z.number().int(), running: z.number().int() }).meta({ description: 'Those that are not over.' }),
    stuckRuns: z.object({
      count: z.number().int().meta({ description: 'Open runs that nothing will ever wake again. Must be 0.' }),
      examples: z.array(stuckRunSchema).readonly(),
    }),
  })
  .meta({ id: 'System' });

export const throughputQuerySchema = z.object({ window: z.enum(['15m', '1h', '6h', '24h', '7d']).default('1h') });

export const throughputSchema = z
  .object({
    bucketMs: z.number().int(),
    buckets: z
      .array(
        z.object({
          at: instantSchema,
          started: z.number().int(),
          completed: z.number().int(),
          failed: z.number().int(),
          cancelled: z.number().int(),
          stepsCompleted: z.number().int(),
          stepP50Ms: z.number().nullable(),
          stepP95Ms: z.number().nullable(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Throughput' });

export const meSchema = z
  .object({
    name: z.string(),
    scopes: z.array(scopeSchema).readonly(),
    tenantId: z.string().nullable(),
    auth: z.enum(['none', 'token']),
    version: z.string(),
  })
  .meta({ id: 'Me' });

export const auditEntrySchema = z
  .object({
    at: instantSchema,
    actor: z.string(),
    via: z.enum(['api', 'cli', 'mcp', 'host']),
    tenantId: z.string().nullable(),
    action: z.string(),
    target: z.string().nullable(),
    outcome: z.enum(['done', 'refused', 'failed']),
    code: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });
