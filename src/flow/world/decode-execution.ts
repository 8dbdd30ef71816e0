import type { ExecutionRows, ValueRow } from '../../world/flow-port.ts';
import { adoptExecution } from '../execution-record.ts';
import type { Execution, StepAttempt } from '../types.ts';

/** The execution that these rows are, frozen. */
export function decodeExecution({ revision, fields, values, history }: ExecutionRows): Execution {
  const kept = JSON.parse(fields) as Record<string, unknown>;
  const context: Record<string, unknown> = {};
  const visits = (kept['visits'] ?? {}) as Record<string, number>;
  const below: { readonly row: ValueRow; readonly value: unknown }[] = [];
  let input: { readonly value: unknown } | undefined;
  for (const row of values) {
    const value: unknown = JSON.parse(row.value);
    if (row.kind === 'context') {
      put(context, row, value);
      if (row.path !== '') below.push({ row, value });
    } else if (row.kind === 'visit') visits[row.key] = value as number;
    else if (row.key === 'attempt.input') input = { value };
    else kept[row.key] = value;
  }
  // A value goes with all below it when it is written, so what is below is newer, whatever the positions say. Put once more, and not
  // first, so that keys stay in their order.
  for (const { row, value } of below.sort((a, b) => depthOf(a.row) - depthOf(b.row))) put(context, row, value);
  if (input && kept['attempt']) kept['attempt'] = { ...(kept['attempt'] as StepAttempt), input: input.value };
  const entries = history.map((entry) => JSON.parse(entry) as Execution['history'][number]);
  return adoptExecution({ ...kept, context, visits, history: entries, revision } as unknown as Execution);
}

function depthOf({ path }: ValueRow): number {
  return path.split('.').length;
}

/** Everything here was just parsed, so it is changed in place. */
function put(context: Record<string, unknown>, { key, path }: ValueRow, value: unknown): void {
  const way = path === '' ? [key] : [key, ...path.split('.')];
  const last = way.pop() as string;
  let holder = context;
  for (const segment of way) {
    const next = Object.hasOwn(holder, segment) ? holder[segment] : undefined;
    if (typeof next === 'object' && next !== null) holder = next as Record<string, unknown>;
    else holder = holder[segment] = {};
  }
  holder[last] = value;
}
