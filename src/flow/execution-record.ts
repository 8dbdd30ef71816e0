import { AppendLog } from './append-log.ts';
import { seal } from './seal.ts';
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
  const { history, visits, ...fields } = seal({ ...execution }, { what: 'execution' });
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
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(execution)) {
    // Reading these two would materialise them.
    if (key === 'history' || key === 'visits') continue;
    fields[key] = execution[key as keyof Execution];
  }
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete fields[key];
    else fields[key] = seal(value as unknown, { what: key });
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
  Object.defineProperty(execution, 'history', { enumerable: true, get: () => parts.history.items() });
  Object.defineProperty(execution, 'visits', { enumerable: true, get: () => parts.visits.record() });
  partsOf.put(execution, parts);
  return Object.freeze(execution);
}
