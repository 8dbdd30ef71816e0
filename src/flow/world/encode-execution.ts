import type { ExecutionStateRow, ValueChange } from '../../world/flow-port.ts';
import type { ContextWrite } from '../context.ts';
import type { ExecutionFact } from '../facts.ts';
import { countVisited, sharesVisits } from '../execution-record.ts';
import { isSealed, measureSealed } from '../seal.ts';
import type { Execution } from '../types.ts';

/** Fields whose values may be large: kept apart, and written only when they changed. */
const valueFields = ['input', 'output', 'error', 'metadata', 'checkpoint', 'earlyResumes', 'children', 'cancellation'] as const;
const apart = new Set<string>(['context', 'history', 'visits', 'revision', 'attempt', ...valueFields]);
const attemptInput = 'attempt.input';

/** The hot row: what changes with nearly every commit, and is small. */
export function encodeState(execution: Execution): ExecutionStateRow {
  const { flowId, tenantId = null, revision, attempt, status } = execution;
  // The status first, and the attempt, which has one too, after all others: a list looks for it in the text, because PostgreSQL cannot
  // read JSON that holds a NUL or half an emoji.
  const fields: Record<string, unknown> = { status };
  for (const key of Object.keys(execution)) if (!apart.has(key)) fields[key] = execution[key as keyof Execution];
  if (attempt) {
    const { input, ...small } = attempt;
    fields['attempt'] = isLarge(input) ? small : attempt;
  }
  if (keptWithFields(execution)) fields['visits'] = execution.visits;
  return { flowId, tenantId, revision, fields: JSON.stringify(fields) };
}

/** All values, for an execution of which nothing is stored. */
export function allValues(execution: Execution): ValueChange[] {
  return [
    ...changedFields(execution, undefined),
    ...Object.entries(execution.context).map(([key, value]) => change('context', key, value)),
    ...(keptWithFields(execution) ? [] : allVisits(execution)),
  ];
}

export interface Deltas {
  readonly execution: Execution;
  readonly previous: Execution;
  readonly writes: readonly ContextWrite[];
  readonly facts: readonly ExecutionFact[];
}

/** What a commit changed: fields by identity, the context by its writes, visits by the steps that were entered. */
export function changedValues({ execution, previous, writes, facts }: Deltas): ValueChange[] {
  return [...changedFields(execution, previous), ...writes.map(contextChange), ...changedVisits(execution, previous, facts)];
}

function changedFields(execution: Execution, previous: Execution | undefined): ValueChange[] {
  const changes: ValueChange[] = [];
  for (const key of valueFields) {
    const [before, after] = [previous?.[key], execution[key]];
    if (before !== after) changes.push(change('field', key, after));
  }
  const [before, after] = [largeInput(previous), largeInput(execution)];
  if (before !== after) changes.push(change('field', attemptInput, after));
  return changes;
}

// A small value costs more in a row of its own than in one that is written anyway.
const mostBytes = 512;
const mostVisited = 16;

function isLarge(input: unknown): boolean {
  return !isSealed(input) || measureSealed(input).bytes > mostBytes;
}

function largeInput(execution: Execution | undefined): unknown {
  const input = execution?.attempt?.input;
  return isLarge(input) ? input : undefined;
}

/** The counts of a few steps are fields; those of many are rows, so that a step costs the same however many there are. */
function keptWithFields(execution: Execution): boolean {
  return countVisited(execution) <= mostVisited;
}

function allVisits({ visits }: Execution): ValueChange[] {
  return Object.entries(visits).map(([key, count]) => change('visit', key, count));
}

function contextChange(write: ContextWrite): ValueChange {
  const [key = '', ...below] = write.path;
  if ('removed' in write) return { kind: 'context', key, path: '', value: null };
  return { ...change('context', key, write.value), path: below.join('.') };
}

function changedVisits(execution: Execution, previous: Execution, facts: readonly ExecutionFact[]): ValueChange[] {
  if (sharesVisits(execution, previous) || keptWithFields(execution)) return [];
  if (keptWithFields(previous)) return allVisits(execution);
  const entered = facts.flatMap((fact) => (fact.type === 'step-started' && fact.attempt === 1 ? [fact] : []));
  if (entered.length > 0) return entered.map(({ stepId, visit }) => change('visit', stepId, visit));
  // Not written by an Engine: whatever differs.
  const [before, after] = [previous.visits, execution.visits];
  return Object.keys(after).flatMap((stepId) => (before[stepId] === after[stepId] ? [] : [change('visit', stepId, after[stepId])]));
}

function change(kind: ValueChange['kind'], key: string, value: unknown): ValueChange {
  return { kind, key, path: '', value: value === undefined ? null : JSON.stringify(value) };
}
