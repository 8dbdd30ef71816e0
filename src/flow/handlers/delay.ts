import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { FlowError } from '../errors.ts';
import { wholeInstant } from '../instant.ts';
import { Result } from '../result.ts';
import { milliseconds } from './milliseconds.ts';

const when = z.strictObject({
  /** Milliseconds, or text such as "90s", "36h", "60d". */
  duration: z.union([z.number().min(0), z.string()]).optional(),
  /** An instant: ISO 8601 text, or milliseconds since the epoch. */
  until: z.union([z.number(), z.string()]).optional(),
});

/** A durable wait for a time span or an instant; nothing is held while it lasts (flow.md §4, rule 13). */
export const delayHandler = defineHandler({
  type: 'delay',
  config: when,
  input: z.unknown(),
  output: z.object({ delayed: z.literal(true), duration: z.number(), completedAt: z.number() }),
  metadata: { name: 'Delay', description: 'Waits for a time span or until an instant.', category: 'flow control' },
  execute({ config, input, clock, resumed, execution }) {
    const now = clock.now();
    if (resumed) {
      const startedAt = execution.attempt?.startedAt ?? now;
      return Result.success({ delayed: true, duration: now - startedAt, completedAt: now });
    }
    return Result.wait({ wakeAt: wakeAtOf({ ...config, ...fromInput(input) }, now), reason: 'delay', keepsTokens: true });
  },
});

/** The input names the time only if it is an object that does; anything else may pass through a delay. */
function fromInput(input: unknown): z.infer<typeof when> {
  if (typeof input !== 'object' || input === null || !('duration' in input || 'until' in input)) return {};
  const parsed = when.pick({ duration: true, until: true }).strip().safeParse(input);
  if (parsed.success) return parsed.data;
  throw new FlowError('INVALID_INPUT', 'A delay takes duration, in milliseconds or as text such as "90s", or until.');
}

function wakeAtOf({ duration, until }: z.infer<typeof when>, now: number): number {
  if (until !== undefined) return instant(until);
  if (duration === undefined) throw new FlowError('INVALID_INPUT', 'A delay needs duration or until, in its config or input.');
  return wholeInstant(now + milliseconds(duration), { what: 'The end of a delay', code: 'INVALID_INPUT' });
}

function instant(until: number | string): number {
  const at = typeof until === 'number' ? until : Date.parse(until);
  if (Number.isNaN(at)) throw new FlowError('INVALID_INPUT', `"${until}" is not an instant such as "2026-12-24T18:00:00Z".`);
  return wholeInstant(at, { what: 'until', code: 'INVALID_INPUT' });
}
