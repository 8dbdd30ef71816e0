import { z } from 'zod';
import { FlowError } from '../errors.ts';
import { schemaProblem } from '../json-schema.ts';
import { seal } from '../seal.ts';
import { isStandardSchema, toJsonSchema } from '../standard-schema.ts';
import { escapePointer } from '../template.ts';
import type { FlowProblem } from '../types.ts';
import { expressionProblems } from '../validate.ts';
import { nextOccurrence } from './schedule.ts';
import type { Trigger } from './types.ts';

const base = {
  id: z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/),
  flowId: z.string().min(1),
  version: z.string().optional(),
  tenantId: z.string().optional(),
  enabled: z.boolean().optional(),
  transform: z.string().min(1).max(10_000).optional(),
};
const header = z.string().regex(/^[A-Za-z0-9-]+$/);

export const triggerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...base,
    type: z.literal('http'),
    path: z.string().startsWith('/').max(1_024),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    schema: z.union([z.boolean(), z.record(z.string(), z.unknown())]).optional(),
    signature: z
      .strictObject({
        header,
        secret: z.union([z.string().min(1), z.strictObject({ env: z.string().min(1) })]),
        algorithm: z.enum(['sha256', 'sha1', 'sha512']).optional(),
        encoding: z.enum(['hex', 'base64']).optional(),
        prefix: z.string().optional(),
        timestampHeader: header.optional(),
        toleranceMs: z.number().positive().optional(),
      })
      .optional(),
    idempotencyKeyHeader: header.optional(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('schedule'),
    cron: z.string().min(1).max(200),
    timezone: z.string().min(1).optional(),
    context: z.record(z.string(), z.unknown()).optional(),
    catchUp: z.enum(['skip', 'latest', 'all']).optional(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('event'),
    event: z.enum(['execution:completed', 'execution:failed', 'execution:cancelled', 'execution:waiting', 'execution:started']),
    sourceFlowId: z.string().min(1).optional(),
    condition: z.string().min(1).max(10_000).optional(),
  }),
]);

/** A frozen trigger; throws one INVALID_INPUT with every problem at its JSON pointer. */
export function parseTrigger(trigger: unknown): Trigger {
  const given = withJsonSchema(trigger);
  const parsed = triggerSchema.safeParse(given);
  const problems = parsed.success ? detailProblems(given as Trigger) : shapeProblems(parsed.error);
  if (problems.length === 0) return seal(given as Trigger, { what: 'trigger' });
  const lines = problems.map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`);
  throw new FlowError('INVALID_INPUT', `The trigger is not valid:\n${lines.join('\n')}`, { details: { problems } });
}

/** Triggers are stored as JSON, too. */
function withJsonSchema(trigger: unknown): unknown {
  if (typeof trigger !== 'object' || trigger === null || !('schema' in trigger) || !isStandardSchema(trigger.schema)) return trigger;
  return { ...trigger, schema: toJsonSchema(trigger.schema) };
}

function shapeProblems({ issues }: z.ZodError): FlowProblem[] {
  return issues.map(({ path, message }) => ({
    pointer: path.map((part) => `/${escapePointer(String(part))}`).join(''),
    message,
  }));
}

function detailProblems(trigger: Trigger): FlowProblem[] {
  const transform = expressionProblems(trigger.transform, '/transform');
  switch (trigger.type) {
    case 'http': {
      const problem = trigger.schema === undefined ? undefined : schemaProblem(trigger.schema);
      return problem === undefined ? transform : [...transform, { pointer: '/schema', message: problem }];
    }
    case 'schedule':
      return [...transform, ...scheduleProblems(trigger)];
    case 'event':
      return [...transform, ...expressionProblems(trigger.condition, '/condition')];
  }
}

function scheduleProblems(trigger: Trigger & { type: 'schedule' }): FlowProblem[] {
  try {
    nextOccurrence(trigger, 0);
    return [];
  } catch (error) {
    return [{ pointer: '/cron', message: (error as Error).message }];
  }
}
