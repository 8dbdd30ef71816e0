import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import type { HandlerParams } from '../types.ts';
import { milliseconds } from './milliseconds.ts';

const duration = z.union([z.number().positive(), z.string()]);

/**
 * Waits for a resume token. With `issue` it only makes one, as the step's output `{ token }`, so that a step between
 * can hand it out; the waiting step then takes it from its input. Without, it makes one of its own, which `run`
 * returns in `waitMetadata.token`. After the wait the step gives what it was resumed with.
 */
export const waitHandler = defineHandler({
  type: 'wait',
  config: z.strictObject({
    issue: z.boolean().optional(),
    reason: z.string().optional(),
    /** The JSON Schema of the answer, of which the dashboard makes a form. It describes the answer and does not check it. */
    schema: z.record(z.string(), z.unknown()).optional(),
    /** How long to wait: milliseconds or text such as "3d". Then `onTimeout`, else the step fails with TIMEOUT. */
    timeout: duration.optional(),
    /** How long the token works; default: as long as the execution. */
    ttl: duration.optional(),
  }),
  input: z.unknown(),
  metadata: {
    name: 'Wait',
    description: 'Waits for a person or a system to resume the execution.',
    category: 'flow control',
  },
  async execute({ config, input, tokens, execution, clock, resumed, step }) {
    if (resumed?.by === 'timer') {
      return Result.failure({
        code: 'TIMEOUT',
        message: `Nobody resumed step "${step.id}" in time.`,
        retryable: false,
      });
    }
    if (resumed) return Result.success(resumed.by === 'resume' ? resumed.data : undefined);
    if (config.issue) return Result.success({ token: await createToken({ tokens, execution }, config.ttl) });
    const token = tokenFrom(input) ?? (await createToken({ tokens, execution }, config.ttl));
    return Result.wait({
      token,
      ...(config.reason === undefined ? {} : { reason: config.reason }),
      ...(config.timeout === undefined ? {} : { wakeAt: clock.now() + milliseconds(config.timeout) }),
    });
  },
});

function createToken(
  { tokens, execution }: Pick<HandlerParams, 'tokens' | 'execution'>,
  ttl: number | string | undefined,
): Promise<string> {
  return ttl === undefined ? tokens.create(execution.id) : tokens.create(execution.id, milliseconds(ttl));
}

function tokenFrom(input: unknown): string | undefined {
  if (typeof input === 'string') return input;
  const token =
    typeof input === 'object' && input !== null && Object.hasOwn(input, 'token') ? (input as { token: unknown }).token : undefined;
  return typeof token === 'string' ? token : undefined;
}
