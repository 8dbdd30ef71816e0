import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { FlowError } from '../errors.ts';
import { Result } from '../result.ts';
import { childDeadline, childFailure, childTimeout } from './child-flow.ts';

/**
 * Calls a "use workflow" function as a child run and awaits it without holding a worker. An input that is a list
 * gives the arguments; anything else is the only one. No JavaScript from the flow is evaluated.
 */
export const codeHandler = defineHandler({
  type: 'code',
  config: z.strictObject({ workflow: z.string().min(1), ...childTimeout }),
  input: z.unknown(),
  metadata: {
    name: 'Code',
    description: 'Calls a "use workflow" function and waits for it.',
    category: 'flow control',
  },
  async execute({ config, input, execution, resumed, children }) {
    if (!resumed) {
      const args = Array.isArray(input) ? input : input === undefined ? [] : [input];
      const spawn = [{ kind: 'code', workflow: config.workflow, args } as const];
      return Result.wait({ spawn, reason: `code ${config.workflow}`, ...childDeadline(config, execution) });
    }
    for await (const result of children.results()) {
      if (result.status === 'completed') return Result.success(result.output);
      return { type: 'failure', error: childFailure(result, `Workflow ${config.workflow}`) };
    }
    throw new FlowError('TIMEOUT', `Workflow ${config.workflow} did not end in time.`);
  },
});
