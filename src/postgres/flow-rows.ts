import { type ExecutionWrite, valuePosition } from '../world/flow-port.ts';
import { type Payloads, upTo } from './payloads.ts';

type Row = Readonly<Record<string, unknown>>;

/** What the writes of a batch add to tables, table by table; each row names the write it belongs to. */
export interface FlowRows {
  readonly events: Row[];
  readonly steps: Row[];
  readonly new_steps: Row[];
  readonly clears: Row[];
  readonly values: Row[];
  readonly history: Row[];
}

export function noRows(): FlowRows {
  return { events: [], steps: [], new_steps: [], clears: [], values: [], history: [] };
}

interface Into {
  readonly w: number;
  readonly rows: FlowRows;
  readonly payloads: Payloads;
}

export function encodeRows(write: ExecutionWrite, { w, rows, payloads }: Into): void {
  for (const [place, event] of write.events.entries()) {
    rows.events.push({
      w,
      place,
      type: event.type,
      correlation_id: told(event.correlationId),
      spec_version: event.specVersion,
      occurred_at: told(event.occurredAt),
      meta: told(event.meta),
      ...(event.payload === null ? {} : payloads.add(event.payload)),
    });
  }
  for (const step of write.steps) {
    const { stepId, status, starts, error, outputEvent } = step;
    const row = {
      w,
      step_id: stepId,
      status,
      starts,
      error: told(error),
      output_event: told(outputEvent),
      retry_after: told(upTo(step.retryAfter)),
    };
    if (step.createdBy === null) rows.steps.push(row);
    else rows.new_steps.push({ ...row, step_name: step.stepName, spec_version: specVersionOf(write), created_by: step.createdBy });
  }
  const { clears, values } = foldValues(write);
  for (const clear of clears) rows.clears.push({ w, ...clear });
  for (const value of values) rows.values.push({ w, ...value });
  for (const [place, entry] of write.history.entries()) rows.history.push({ w, place, entry });
}

/** What is null need not be said. */
export function told<T>(value: T | null): T | undefined {
  return value ?? undefined;
}

/** Under which version of the protocol the run is written. */
export function specVersionOf({ events, create }: ExecutionWrite): number {
  return events[0]?.specVersion ?? create?.specVersion ?? 0;
}

interface Clear {
  readonly kind: string;
  readonly key: string;
  readonly path_from: string;
  /** Exclusive; null: to the end. */
  readonly path_to: string | null;
}

interface Value {
  readonly kind: string;
  readonly key: string;
  readonly path: string;
  readonly position: number;
  readonly value: string;
}

// The least text that is not empty.
const anythingBelow = '\u0001';

/**
 * The changes of a write, one after the other, as what is to be deleted first and what is to be stored then. A new value takes the place of
 * everything below it and keeps the position it had: so what stands below is always younger than what it stands in, and the items of a list
 * come in order.
 */
function foldValues(write: ExecutionWrite): { readonly clears: readonly Clear[]; readonly values: readonly Value[] } {
  const clears: Clear[] = [];
  const byKey = new Map<string, Value[]>();
  // Of a new execution nothing is stored, and of one that is replaced everything is gone.
  const isBlank = write.create !== null || write.replace;
  for (const [index, change] of write.values.entries()) {
    const { kind, key, path, value } = change;
    const place = `${kind} ${key}`;
    if (value === null) {
      byKey.delete(place);
      if (!isBlank) clears.push({ kind, key, path_from: '', path_to: null });
      continue;
    }
    let known = byKey.get(place) ?? [];
    const position = known.find((one) => one.path === path)?.position ?? valuePosition(write.state.revision, index);
    if (kind === 'context') {
      known = known.filter((one) => !isBelow(one.path, path));
      if (!isBlank) clears.push({ kind, key, ...below(path) });
    }
    byKey.set(place, [...known.filter((one) => one.path !== path), { kind, key, path, position, value }]);
  }
  return { clears, values: [...byKey.values()].flat() };
}

function isBelow(path: string, top: string): boolean {
  return top === '' ? path !== '' : path.startsWith(`${top}.`);
}

function below(path: string): Pick<Clear, 'path_from' | 'path_to'> {
  return path === '' ? { path_from: anythingBelow, path_to: null } : { path_from: `${path}.`, path_to: `${path}/` };
}
