import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import { condition, conditionProblems, holds } from './condition.ts';
import { targetProblems } from './targets.ts';

const target = z.string().min(1).nullable().optional();

/** Goes to `onTrue` or `onFalse`; where one is absent, on by the step's own `onSuccess`. */
export const conditionalHandler = defineHandler({
  type: 'conditional',
  config: z.strictObject({ if: condition, onTrue: target, onFalse: target }),
  input: z.unknown(),
  output: z.object({ result: z.boolean() }),
  metadata: {
    name: 'Conditional',
    description: 'Chooses one of two next steps.',
    category: 'flow control',
    checkConfig: (config, flow) => [
      ...conditionProblems(config.if, '/if'),
      ...targetProblems(flow, config.onTrue, '/onTrue'),
      ...targetProblems(flow, config.onFalse, '/onFalse'),
    ],
  },
  async execute(params) {
    const result = await holds(params.config.if, params);
    const next = result ? params.config.onTrue : params.config.onFalse;
    return Result.success({ result }, next === undefined ? {} : { next });
  },
});
