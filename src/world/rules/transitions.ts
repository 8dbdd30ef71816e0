import { encodeFields } from '../../base/codec.ts';
import { leaseLost } from '../errors.ts';
import type { RunRow } from '../rows.ts';
import type { NewEvent, RunGuard, Transition } from '../transition.ts';
import type { EventRequest, RuleContext } from './request.ts';
import { specVersion } from './spec-version.ts';

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

/** The event that records a request, with all that came with it. */
export function eventOf(request: EventRequest): NewEvent {
  return { ...bareEventOf(request), meta: request.meta, payload: request.payload };
}

/** The event of a request whose data says nothing that the log should keep. */
export function bareEventOf(request: EventRequest): NewEvent {
  return {
    type: request.type,
    correlationId: request.correlationId || null,
    specVersion: request.specVersion ?? specVersion,
    occurredAt: request.params.occurredAt?.getTime() ?? null,
    meta: null,
    payload: null,
  };
}

/** An event that the World itself adds. */
export function worldEvent(type: string, correlationId: string, version: number, fields: Readonly<Record<string, unknown>>): NewEvent {
  return { type, correlationId, specVersion: version, occurredAt: null, meta: encodeFields(fields), payload: null };
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
