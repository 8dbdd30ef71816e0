import { isTerminal, type HookRow, type RunRow, type StepRow, type WaitRow } from './rows.ts';
import { atCommit, type Transition } from './transition.ts';

/** A row as it was committed: the rules leave to the commit its instant and the sequences of its events. */
export function resolveRow<R extends object>(row: R, at: number, firstSeq: number): R {
  const resolved = { ...row } as Record<string, unknown>;
  for (const column of instants) if (resolved[column] === atCommit) resolved[column] = at;
  for (const column of sequences) {
    const value = resolved[column];
    if (typeof value === 'number') resolved[column] = resolveSeq(value, firstSeq);
  }
  return resolved as R;
}

/** -1-k stands for the sequence of the k-th event of the transition; real ones are never negative. */
export function resolveSeq(seq: number, firstSeq: number): number {
  return seq < 0 ? firstSeq + (-1 - seq) : seq;
}

const instants = ['createdAt', 'updatedAt', 'startedAt', 'completedAt'];
const sequences = ['inputSeq', 'outputSeq', 'eventSeq'];

interface Commit {
  readonly at: number;
  readonly firstSeq: number;
}

/** The rows that a commit wrote, as it wrote them. */
export interface WrittenRows {
  readonly run: RunRow;
  readonly steps: readonly StepRow[];
  readonly waits: readonly WaitRow[];
  readonly hooks: readonly HookRow[];
}

export function resolveRows(transition: Transition, before: RunRow | undefined, commit: Commit): WrittenRows {
  const { at, firstSeq } = commit;
  return {
    run: resolveRun(transition, before, commit),
    steps: transition.steps.map((row) => resolveRow(row, at, firstSeq)),
    waits: transition.waits.map((row) => resolveRow(row, at, firstSeq)),
    hooks: transition.hooks.map((row) => resolveRow(row, at, firstSeq)),
  };
}

/** The run as the commit left it, given what it was before. */
export function resolveRun({ run, events }: Transition, before: RunRow | undefined, { at, firstSeq }: Commit): RunRow {
  const base = run.kind === 'create' ? resolveRow(run.row, at, firstSeq) : (before as RunRow);
  const updatedAt = run.kind === 'append' && isTerminal(base.status) ? base.updatedAt : at;
  const row = { ...base, updatedAt, lastSeq: firstSeq + events.length - 1, lastMs: at };
  switch (run.kind) {
    case 'create':
    case 'append':
      return row;
    case 'start':
      return { ...row, status: 'running', startedAt: row.startedAt ?? at };
    case 'cancelLegacy':
      return { ...row, status: 'cancelled', completedAt: at };
    case 'finish':
      return {
        ...row,
        status: run.status,
        completedAt: at,
        error: run.error,
        outputSeq: run.outputSeq === null ? null : resolveSeq(run.outputSeq, firstSeq),
      };
  }
}
