import { z } from 'zod';

/** An instant as the API writes it: ISO 8601, UTC, with milliseconds. */
export const instantSchema = z.iso.datetime().meta({ description: 'ISO 8601, UTC', example: '2026-11-22T05:00:00.000Z' });

/** One page of a list: `cursor` names the next one, null at the end. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item).readonly(),
    cursor: z.string().nullable().meta({ description: 'Give it back as `cursor` for the next page; null: this is the last one.' }),
    hasMore: z.boolean(),
  });
}

export const longestPage = 200;

/** What every list takes. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(longestPage).optional().meta({ description: 'Entries on a page; default 50.' }),
  cursor: z.string().max(1_000).optional(),
});

/** A value of a run as it may be shown: decrypted only where this server may, in JSON that a person can read. */
export const payloadSchema = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('none') }),
    z.object({
      state: z.literal('value'),
      json: z.unknown().meta({ description: 'JSON; what JSON has no form for is tagged text, such as "Map(2)" or a date.' }),
      truncated: z.boolean().meta({ description: 'It was too large, and is cut.' }),
    }),
    z.object({ state: z.literal('encrypted') }).meta({ description: 'This server has no key for it, or may not use it.' }),
    z.object({ state: z.literal('redacted') }),
    z.object({ state: z.literal('binary'), bytes: z.number().int() }),
  ])
  .meta({ id: 'Payload' });

export const runStatusSchema = z.enum(['pending', 'running', 'waiting', 'completed', 'failed', 'cancelled']).meta({ id: 'RunStatus' });
export const runKindSchema = z.enum(['code', 'flow']).meta({ id: 'RunKind' });
export const shortErrorSchema = z.object({ message: z.string(), code: z.string().nullable() });
export const errorSchema = z
  .object({ message: z.string(), code: z.string().nullable(), stack: z.string().nullable() })
  .meta({ id: 'RunError' });
export const stepStatusSchema = z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']).meta({ id: 'StepStatus' });
export const runIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
/** How a run names what is its own: the World takes any text, but PostgreSQL knows no NUL in one. */
export const ownNameSchema = z
  .string()
  .min(1)
  .max(2_048)
  .regex(/^[^\0]*$/);
export const payloadsSchema = z.enum(['all', 'none']).optional().meta({ description: '`none`: without inputs and outputs; default all.' });
