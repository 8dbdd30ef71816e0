import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import type { Flow, FlowProblem } from '../types.ts';
import { condition, conditionProblems, holds } from './condition.ts';
import { targetProblems } from './targets.ts';

const config = z.strictObject({
  /** Tried in order: the first whose condition holds decides. */
  cases: z.array(z.strictObject({ name: z.string().optional(), if: condition, goTo: z.string().min(1).nullable() })).min(1),
  default: z.string().min(1).nullable().optional(),
});

/** Goes to the first case that holds, else to `default`, else on by the step's own `onSuccess`. */
export const switchHandler = defineHandler({
  type: 'switch',
  config,
  input: z.unknown(),
  output: z.object({ case: z.union([z.number(), z.string()]).nullable() }),
  metadata: {
    name: 'Switch',
    description: 'Chooses the next step among several.',
    category: 'flow control',
    checkConfig: (given, flow) => [...caseProblems(given.cases, flow), ...targetProblems(flow, given.default, '/default')],
  },
  async execute(params) {
    for (const [index, one] of params.config.cases.entries()) {
      if (await holds(one.if, params)) return Result.success({ case: one.name ?? index }, { next: one.goTo });
    }
    const { default: otherwise } = params.config;
    return Result.success({ case: null }, otherwise === undefined ? {} : { next: otherwise });
  },
});

function caseProblems(cases: unknown, flow: Flow): FlowProblem[] {
  if (!Array.isArray(cases)) return [];
  return cases.flatMap((one: { if?: unknown; goTo?: unknown } | null, index) => [
    ...conditionProblems(one?.if, `/cases/${index}/if`),
    ...targetProblems(flow, one?.goTo, `/cases/${index}/goTo`),
  ]);
}
