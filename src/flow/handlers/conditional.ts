import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import { condition, conditionProblems, holds } from './condition.ts';
import { targetProblems } from './targets.ts';

const target = z.string().min(1).nullable().optional();

/** Goes to `then` or `else`; where one is absent, on by the step's own `onSuccess`. */
export const conditionalHandler = defineHandler({
  type: 'conditional',
  config: z.strictObject({ if: condition, then: target, else: target }),
  input: z.unknown(),
  output: z.object({ result: z.boolean() }),
  metadata: {
    name: 'Conditional',
    description: 'Chooses one of two next steps.',
    category: 'flow control',
    checkConfig: (config, flow) => [
      ...conditionProblems(config.if, '/if'),
      ...targetProblems(flow, config.then, '/then'),
      ...targetProblems(flow, config.else, '/else'),
    ],
  },
  async execute(params) {
    const result = await holds(params.config.if, params);
    const next = result ? params.config.then : params.config.else;
    return Result.success({ result }, next === undefined ? {} : { next });
  },
});
