import { z } from 'zod';
import type { ChildResult } from '../children.ts';
import { defineHandler } from '../define-handler.ts';
import { Result } from '../result.ts';
import type { ExecutionError, HandlerResult } from '../types.ts';
import { childDeadline, childFailure, childSpec, childTarget, childTargetProblems, childTimeout } from './child-flow.ts';

const config = z.strictObject({
  ...childTimeout,
  branches: z
    .record(z.string().min(1), z.strictObject({ ...childTarget, context: z.record(z.string(), z.unknown()).optional() }))
    .refine((branches) => Object.keys(branches).length > 0, 'needs at least one branch'),
  /** all: every branch completes; any: the first that does; quorum: so many as `quorum` says. */
  join: z.enum(['all', 'any', 'quorum']).default('all'),
  quorum: z.int().min(1).optional(),
});

type Branch = z.infer<typeof config>['branches'][string];

/**
 * Branches that run at once, each a child execution. It goes on as soon as the join is decided either way; branches
 * that are not needed any more are cancelled. Each branch begins with the step's input as its context.
 */
export const parallelHandler = defineHandler({
  type: 'parallel',
  config,
  input: z.record(z.string(), z.unknown()),
  metadata: {
    name: 'Parallel',
    description: 'Runs branches at once and joins them.',
    category: 'flow control',
    checkConfig: (given, flow) => [
      ...Object.entries(given.branches ?? {}).flatMap(([name, branch]) =>
        childTargetProblems(branch, flow, `/branches/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
      ),
      ...quorumProblems(given),
    ],
  },
  async execute({ config: given, input, execution, resumed, children, checkpoint }) {
    const { branches, join, quorum } = given;
    // A child knows only its place among these, and the process that joins may have the same flow with its keys in another order.
    const names = (resumed && (await checkpoint.load<readonly string[]>())) ?? Object.keys(branches);
    const deadline = childDeadline(given, execution);
    const needed = neededOf(join, quorum, names.length);
    if (!resumed) {
      await checkpoint.save(names);
      const spawn = names.map((name) => {
        const branch = branches[name] as Branch;
        return childSpec(branch, { ...input, ...branch.context }, execution);
      });
      return Result.wait({ spawn, wakeWhen: 1, reason: `parallel ${join}`, ...deadline });
    }
    const finished: ChildResult[] = [];
    for await (const result of children.results()) finished.push(result);
    return decide({ names, needed, finished, deadline, timedOut: resumed.by !== 'children' });
  },
});

interface Join {
  readonly names: readonly string[];
  readonly needed: number;
  readonly finished: readonly ChildResult[];
  readonly timedOut: boolean;
  readonly deadline: ReturnType<typeof childDeadline>;
}

function decide({ names, needed, finished, timedOut, deadline }: Join): HandlerResult {
  const succeeded = finished.filter(({ status }) => status === 'completed');
  if (succeeded.length >= needed) return Result.success({ results: byName(names, succeeded), errors: errorsOf(names, finished) });
  const failed = finished.length - succeeded.length;
  const first = finished.find(({ status }) => status !== 'completed');
  if (first && names.length - failed < needed) {
    return {
      type: 'failure',
      error: withErrors(childFailure(first, `Branch "${names[first.index]}"`), errorsOf(names, finished)),
    };
  }
  if (timedOut)
    return Result.failure({
      code: 'TIMEOUT',
      message: `Only ${succeeded.length} of ${needed} branches completed in time.`,
    });
  // Each further child may decide it; a handful of wake-ups for a handful of branches.
  return Result.wait({
    wakeWhen: finished.length + 1,
    reason: `parallel ${succeeded.length} of ${needed}`,
    ...deadline,
  });
}

function neededOf(join: 'all' | 'any' | 'quorum', quorum: number | undefined, branches: number): number {
  switch (join) {
    case 'all':
      return branches;
    case 'any':
      return 1;
    case 'quorum':
      return Math.min(quorum ?? Math.floor(branches / 2) + 1, branches);
  }
}

function byName(names: readonly string[], results: readonly ChildResult[]): Record<string, unknown> {
  return Object.fromEntries(results.map(({ index, output }) => [names[index], output ?? null]));
}

function errorsOf(names: readonly string[], results: readonly ChildResult[]): Record<string, ExecutionError> {
  return Object.fromEntries(results.flatMap(({ index, error }) => (error === undefined ? [] : [[names[index] as string, error]])));
}

function withErrors(error: ExecutionError, errors: Record<string, ExecutionError>): ExecutionError {
  return { ...error, details: { ...error.details, errors } };
}

function quorumProblems({ branches, join, quorum }: Readonly<Record<string, unknown>>) {
  const count = Object.keys(branches ?? {}).length;
  if (quorum !== undefined && join !== 'quorum') return [{ pointer: '/quorum', message: 'is only for join "quorum"' }];
  if (typeof quorum === 'number' && quorum > count) return [{ pointer: '/quorum', message: `there are only ${count} branches` }];
  return [];
}
