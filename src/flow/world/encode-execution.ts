import type { ExecutionStateRow, ValueChange } from '../../world/flow-port.ts';
import type { ContextWrite } from '../context.ts';
import type { ExecutionFact } from '../facts.ts';
import { sharesVisits } from '../execution-record.ts';
import type { Execution } from '../types.ts';

/** Fields whose values may be large: kept apart, and written only when they changed. */
const valueFields = ['input', 'output', 'error', 'metadata', 'checkpoint', 'earlyResumes', 'children', 'cancellation'] as const;
const apart = new Set<string>(['context', 'history', 'visits', 'revision', 'attempt', ...valueFields]);
const attemptInput = 'attempt.input';

/** The hot row: what changes with nearly every commit, and is small. */
export function encodeState(execution: Execution): ExecutionStateRow {
  const { flowId, tenantId = null, revision, attempt } = execution;
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(execution)) if (!apart.has(key)) fields[key] = execution[key as keyof Execution];
  if (attempt) {
    const { input: _, ...small } = attempt;
    fields['attempt'] = small;
  }
  return { flowId, tenantId, revision, fields: JSON.stringify(fields) };
}

/** All values, for an execution of which nothing is stored. */
export function allValues(execution: Execution): ValueChange[] {
  return [
    ...changedFields(execution, undefined),
    ...Object.entries(execution.context).map(([key, value]) => change('context', key, value)),
    ...Object.entries(execution.visits).map(([key, count]) => change('visit', key, count)),
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
  const [before, after] = [previous?.attempt?.input, execution.attempt?.input];
  if (before !== after) changes.push(change('field', attemptInput, after));
  return changes;
}

function contextChange(write: ContextWrite): ValueChange {
  const [key = '', ...below] = write.path;
  if ('removed' in write) return { kind: 'context', key, path: '', value: null };
  return { ...change('context', key, write.value), path: below.join('.') };
}

function changedVisits(execution: Execution, previous: Execution, facts: readonly ExecutionFact[]): ValueChange[] {
  if (sharesVisits(execution, previous)) return [];
  const entered = facts.flatMap((fact) => (fact.type === 'step-started' && fact.attempt === 1 ? [fact] : []));
  if (entered.length > 0) return entered.map(({ stepId, visit }) => change('visit', stepId, visit));
  // Not written by an Engine: whatever differs.
  const [before, after] = [previous.visits, execution.visits];
  return Object.keys(after).flatMap((stepId) => (before[stepId] === after[stepId] ? [] : [change('visit', stepId, after[stepId])]));
}

function change(kind: ValueChange['kind'], key: string, value: unknown): ValueChange {
  return { kind, key, path: '', value: value === undefined ? null : JSON.stringify(value) };
}
