import { z } from 'zod';

/** RFC 9457. `code` is stable: programs go by it, people by `detail`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z
      .array(z.object({ pointer: z.string(), message: z.string() }))
      .readonly()
      .optional()
      .meta({ description: 'Each thing that is wrong with what was sent, at its JSON pointer.' }),
  })
  .meta({ id: 'Problem' });
