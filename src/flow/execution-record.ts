import { AppendLog } from './append-log.ts';
import { deepest, seal } from './seal.ts';
import { createStamp } from './stamp.ts';
import type { Execution, StepHistoryEntry } from './types.ts';
import { VisitCounts } from './visit-counts.ts';

type Lazy = 'history' | 'visits';

/** New values of fields; undefined removes one. */
export type ExecutionChanges = { readonly [Key in Exclude<keyof Execution, Lazy>]?: Execution[Key] | undefined };

interface Parts {
  readonly history: AppendLog<StepHistoryEntry>;
  readonly visits: VisitCounts;
}

// What `history` and `visits` of an execution are read from. They grow with each step, so they are never copied into
// the next state: it gets the same log, one longer.
const partsOf = createStamp<Parts>();

/** A frozen execution out of anything that has the fields of one. Its cost grows with its size; `revise` does not. */
export function adoptExecution(execution: Execution): Execution {
  if (partsOf.of(execution)) return execution;
  // Its parts share what they hold, so that the whole may be larger than any text: it is never written as one.
  const { history, visits, ...fields } = seal({ ...execution }, { what: 'execution', maxBytes: Number.POSITIVE_INFINITY });
  return build(fields, { history: AppendLog.of(history ?? []), visits: VisitCounts.of(visits ?? {}) });
}

export interface Revision {
  readonly changes?: ExecutionChanges;
  readonly tail?: readonly StepHistoryEntry[];
  /** The step that is entered once more. */
  readonly enters?: string;
}

/** The execution with changed fields, a longer history, or one more visit. All else is shared. */
export function revise(execution: Execution, { changes = {}, tail = [], enters }: Revision): Execution {
  const { history, visits } = partsFor(execution);
  const changed = changes as Readonly<Record<string, unknown>>;
  const fields = newFields();
  for (const key of Object.keys(execution)) {
    // Reading these two would materialise them.
    if (key === 'history' || key === 'visits' || Object.hasOwn(changed, key)) continue;
    fields[key] = execution[key as keyof Execution];
  }
  // Never deleted after it was set: that would make a slow object of it.
  for (const key of Object.keys(changed)) {
    const value = changed[key];
    // One level less than the execution may have: what is written here must be loaded again.
    if (value !== undefined) fields[key] = seal(value, { what: key, maxDepth: deepest - 1 });
  }
  return build(fields, {
    history: history.append(tail),
    visits: enters === undefined ? visits : visits.enter(enters),
  });
}

export function visitsOf(execution: Execution, stepId: string): number {
  return partsFor(execution).visits.get(stepId);
}

/** How many steps were entered at all. */
export function countVisited(execution: Execution): number {
  return partsFor(execution).visits.size;
}

/** True if no step was entered between the two, told without materialising anything. */
export function sharesVisits(a: Execution, b: Execution): boolean {
  return partsFor(a).visits === partsFor(b).visits;
}

/** The last entry that fits, without materialising the history. */
export function lastEntry(execution: Execution, fits: (entry: StepHistoryEntry) => boolean): StepHistoryEntry | undefined {
  return partsFor(execution).history.findLast(fits);
}

function partsFor(execution: Execution): Parts {
  return partsOf.of(execution) ?? { history: AppendLog.of(execution.history), visits: VisitCounts.of(execution.visits) };
}

function build(fields: object, parts: Parts): Execution {
  const execution = fields as Execution;
  Object.defineProperty(execution, 'history', lazyHistory);
  Object.defineProperty(execution, 'visits', lazyVisits);
  partsOf.put(execution, parts);
  return Object.freeze(execution);
}

// The same two functions for all executions: with one of its own each would be an object without a shape, slow and four times as large.
const lazyHistory: PropertyDescriptor & ThisType<Execution> = {
  enumerable: true,
  get() {
    return partsFor(this).history.items();
  },
};
const lazyVisits: PropertyDescriptor & ThisType<Execution> = {
  enumerable: true,
  get() {
    return partsFor(this).visits.record();
  },
};

/** A plain object like any other, for which the engine learns how much room such ones need. */
function newFields(): Record<string, unknown> {
  return new Fields();
}

const Fields = function () {} as unknown as new () => Record<string, unknown>;
Fields.prototype = Object.prototype;
