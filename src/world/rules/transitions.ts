import { encodeFields, encodeValue } from '../../base/codec.ts';
import { badRequest, leaseLost } from '../errors.ts';
import type { RunRow } from '../rows.ts';
import type { NewEvent, RunGuard, Transition } from '../transition.ts';
import type { EventRequest, RuleContext } from './request.ts';

/** The large field of each event's data; it is stored as bytes apart from the small ones (EVENT_DATA_REF_FIELDS of the SDK). */
export const payloadFields: Readonly<Record<string, string>> = {
  run_created: 'input',
  run_completed: 'output',
  run_failed: 'error',
  step_created: 'input',
  step_completed: 'result',
  step_failed: 'error',
  step_retrying: 'error',
  hook_created: 'metadata',
  hook_received: 'payload',
};

/** An empty transition on a run that exists, guarded by what the rule saw of it. */
export function onRun(run: RunRow, context: RuleContext, parts: Partial<Transition>): Transition {
  return { ...blank(run.shard, run.runId, context.now), guard: guardRun(run, context), ...parts };
}

export function blank(shard: number, runId: string, now: number): Transition {
  return {
    shard,
    runId,
    guard: { absent: true },
    now,
    run: { kind: 'append' },
    external: false,
    events: [],
    steps: [],
    waits: [],
    hooks: [],
    holdHook: null,
    takeToken: null,
    releaseToken: null,
    wakeAt: null,
  };
}

export function guardRun(run: RunRow, { runLease }: RuleContext, markerAtMost: number | null = null): RunGuard {
  if (runLease && (run.leaseOwner !== runLease.owner || run.leaseEpoch !== runLease.epoch)) {
    throw leaseLost(`run "${run.runId}"`);
  }
  return { absent: false, status: run.status, lease: runLease, markerAtMost };
}

/** The event that records a request. Unknown fields pass through; the payload is set apart. */
export function eventOf(request: EventRequest, data: Readonly<Record<string, unknown>> = request.data): NewEvent {
  return newEvent(request.type, request.correlationId || null, specVersionOf(request), data, request.params.occurredAt);
}

export function newEvent(
  type: string,
  correlationId: string | null,
  specVersion: number,
  data: Readonly<Record<string, unknown>>,
  occurredAt?: Date,
): NewEvent {
  const field = payloadFields[type];
  const { payload, rest } = field !== undefined && field in data ? takeField(data, field) : { payload: undefined, rest: data };
  return {
    type,
    correlationId,
    specVersion,
    occurredAt: occurredAt?.getTime() ?? null,
    meta: Object.keys(rest).length > 0 ? encode(type, () => encodeFields(rest)) : null,
    payload: payload ? encode(type, () => encodeValue(payload.value)) : null,
  };
}

/** Runtime events always carry a version; a request without one is of the legacy protocol (spec/world.md A4). */
export function specVersionOf(request: EventRequest): number {
  return request.specVersion ?? 1;
}

export function structuredError(error: unknown, stack: unknown, code?: unknown): string {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const message = typeof error === 'string' ? error : typeof fields['message'] === 'string' ? fields['message'] : 'Unknown error';
  const trace = stack ?? fields['stack'];
  return JSON.stringify({
    message,
    ...(typeof trace === 'string' ? { stack: trace } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  });
}

function takeField(data: Readonly<Record<string, unknown>>, field: string) {
  const { [field]: value, ...rest } = data;
  return { payload: { value }, rest };
}

function encode<T>(type: string, encoder: () => T): T {
  try {
    return encoder();
  } catch (cause) {
    throw badRequest(`The data of "${type}" cannot be stored: ${(cause as Error).message}. Send bytes or structured data.`, cause);
  }
}
