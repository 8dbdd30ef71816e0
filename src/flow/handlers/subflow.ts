import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { FlowError } from '../errors.ts';
import { Result } from '../result.ts';
import { childDeadline, childFailure, childSpec, childTimeout } from './child-flow.ts';

/** A child execution, awaited without holding a worker; its input is the child's context, its output the child's. */
export const subflowHandler = defineHandler({
  type: 'subflow',
  config: z.strictObject({ flowId: z.string().min(1), version: z.string().optional(), ...childTimeout }),
  input: z.record(z.string(), z.unknown()),
  metadata: { name: 'Subflow', description: 'Runs another flow and waits for it.', category: 'flow control' },
  async execute({ config, input, execution, resumed, children }) {
    if (!resumed) {
      const spawn = [childSpec(config, input, execution)];
      return Result.wait({ spawn, reason: `subflow ${config.flowId}`, ...childDeadline(config, execution) });
    }
    for await (const result of children.results()) {
      if (result.status === 'completed') return Result.success(result.output);
      return { type: 'failure', error: childFailure(result, `Subflow ${config.flowId}`) };
    }
    throw new FlowError('TIMEOUT', `Subflow ${config.flowId} did not end in time.`);
  },
});
