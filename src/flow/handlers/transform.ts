import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import { expressionProblems } from '../validate.ts';

/** JSONata over the input, evaluated in the sandbox (flow.md §2). An expression that finds nothing gives no output. */
export const transformHandler = defineHandler({
  type: 'transform',
  config: z.strictObject({ expression: z.string().min(1).max(10_000) }),
  input: z.unknown(),
  metadata: {
    name: 'Transform',
    description: 'Reshapes its input by a JSONata expression.',
    category: 'data',
    checkConfig: ({ expression }) => expressionProblems(expression, '/expression'),
  },
  async execute({ config, input, evaluate }) {
    return Result.success(await evaluate(config.expression, input));
  },
});
