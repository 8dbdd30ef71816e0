import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';

/** Writes one line to the logger, with the input as a field. Gives no output. */
export const logHandler = defineHandler({
  type: 'log',
  config: z.strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    message: z.string().default('flow step'),
  }),
  input: z.unknown(),
  metadata: { name: 'Log', description: 'Writes a line to the log.', category: 'debugging' },
  execute({ config, input, logger, execution, step }) {
    logger[config.level](config.message, { executionId: execution.id, stepId: step.id, input });
    return Result.success();
  },
});
