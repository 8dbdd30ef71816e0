import { z } from 'zod';
import type { ChildResult, ChildTally, ChildrenView } from '../children.ts';
import { defineHandler } from '../define-handler.ts';
import { FlowError } from '../errors.ts';
import { Result } from '../result.ts';
import type { Execution, HandlerResult } from '../types.ts';
import { childDeadline, childFailure, childSpec, childTarget, childTargetProblems, childTimeout } from './child-flow.ts';

const config = z.strictObject({
  ...childTarget,
  ...childTimeout,
  /** Items in progress at a time; default 10. */
  concurrency: z.int().min(1).max(1_000).default(10),
  /** fail: the first failed item fails the step and cancels the rest. collect: failures are in the output. */
  onItemFailure: z.enum(['fail', 'collect']).default('fail'),
  /** False: the output only counts; the results stay with the children. */
  results: z.boolean().default(true),
  /** Where an item and its index stand in the child's context. */
  itemKey: z.string().min(1).default('item'),
  indexKey: z.string().min(1).default('index'),
  /** What every item's context begins with. */
  context: z.record(z.string(), z.unknown()).default({}),
});

const mostItems = 100_000;

// Not zod: it would visit and copy every item each time the handler comes back for the next window.
const listSchema = {
  anyOf: [{ type: 'array' }, { type: 'object', required: ['items'], properties: { items: { type: 'array' } } }],
} as const;

/**
 * One child execution per item, `concurrency` at a time. Items are started in windows and their results are rows of
 * their own, so that each further item costs the same (decisions C12).
 */
export const mapHandler = defineHandler({
  type: 'map',
  config,
  input: listSchema,
  metadata: {
    name: 'Map',
    description: 'Runs the same steps for each item of a list.',
    category: 'flow control',
    checkConfig: (given, flow) => childTargetProblems(given, flow, ''),
  },
  async execute({ config: given, input, execution, resumed, children }) {
    const items = Array.isArray(input) ? input : (input as { items: readonly unknown[] }).items;
    if (items.length > mostItems) throw new FlowError('INVALID_INPUT', `map takes at most ${mostItems} items, not ${items.length}.`);
    const tally = await children.tally();
    const failed = tally.finished - tally.succeeded;
    if (failed > 0 && given.onItemFailure === 'fail') return firstFailure(children);
    if (tally.finished === items.length) return collect(given, tally, children);
    if (resumed && resumed.by !== 'children') {
      return Result.failure({
        code: 'TIMEOUT',
        message: `Only ${tally.finished} of ${items.length} items ended in time.`,
      });
    }
    return nextWindow({ given, items, tally, execution });
  },
});

interface Window {
  readonly given: z.infer<typeof config>;
  readonly items: readonly unknown[];
  readonly tally: ChildTally;
  readonly execution: Readonly<Execution>;
}

/** Fills up to the concurrency, and comes back when half of what runs is done: so a slow item does not idle the rest. */
function nextWindow({ given, items, tally, execution }: Window): HandlerResult {
  const room = given.concurrency - (tally.created - tally.finished);
  const next = items.slice(tally.created, tally.created + Math.max(0, room));
  const spawn = next.map((item, offset) => {
    const context = { ...given.context, [given.itemKey]: item, [given.indexKey]: tally.created + offset };
    return childSpec(given, context, execution);
  });
  const created = tally.created + spawn.length;
  const open = created - tally.finished;
  const last = created === items.length && given.onItemFailure === 'collect';
  return Result.wait({
    spawn,
    wakeWhen: last ? created : tally.finished + Math.max(1, Math.ceil(open / 2)),
    reason: `map ${tally.finished} of ${items.length}`,
    ...childDeadline(given, execution),
  });
}

async function firstFailure(children: ChildrenView): Promise<HandlerResult> {
  for await (const result of children.results()) {
    if (result.status !== 'completed') return { type: 'failure', error: childFailure(result, `Item ${result.index}`) };
  }
  throw new TypeError('a failed item was counted and is not there');
}

async function collect(given: Window['given'], tally: ChildTally, children: ChildrenView): Promise<HandlerResult> {
  const counts = { total: tally.finished, succeeded: tally.succeeded, failed: tally.finished - tally.succeeded };
  if (!given.results) return Result.success(counts);
  const results: unknown[] = [];
  for await (const result of children.results())
    results.push(given.onItemFailure === 'fail' ? (result.output ?? null) : itemOutcome(result));
  return Result.success(results);
}

function itemOutcome({ status, output, error }: ChildResult): unknown {
  return status === 'completed' ? { status, output: output ?? null } : { status, error };
}
