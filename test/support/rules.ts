import type { CreateEventParams, CreateEventRequest, RunCreatedEventRequest } from '@workflow/world';
import { expect } from 'vitest';
import { parseRequest } from '../../src/world/parse-request.ts';
import type { State } from '../../src/world/port.ts';
import type { HookRow, RunRow, StepRow, WaitRow } from '../../src/world/rows.ts';
import { decide } from '../../src/world/rules/decide.ts';
import type { Decision, RuleContext } from '../../src/world/rules/request.ts';
import { shardOf } from '../../src/world/shard.ts';
import type { Transition } from '../../src/world/transition.ts';

// What the tests of the rules start from: rows as a store would load them, at one moment.
export const now = Date.UTC(2026, 0, 1);
export const runId = 'run_1';
export const terminalStatuses = ['completed', 'failed', 'cancelled'] as const;

export function runRow(fields: Partial<RunRow> = {}): RunRow {
  return {
    shard: shardOf(runId),
    runId,
    namespace: '',
    status: 'running',
    deploymentId: 'dpl_1',
    workflowName: 'workflow//./workflows/w//run',
    specVersion: 3,
    executionContext: null,
    encryptionKeyId: null,
    error: null,
    inputSeq: 1,
    outputSeq: null,
    createdAt: now - 1_000,
    updatedAt: now - 500,
    startedAt: now - 900,
    completedAt: null,
    expiredAt: null,
    lastSeq: 7,
    lastMs: now - 500,
    markerMs: now - 600,
    dueAt: null,
    leaseOwner: 'wkr_1',
    leaseEpoch: 3,
    deliveries: 1,
    ...fields,
  };
}

export function stepRow(fields: Partial<StepRow> = {}): StepRow {
  return {
    shard: shardOf(runId),
    runId,
    stepId: 'step_1',
    namespace: '',
    stepName: 'step//./workflows/w//work',
    status: 'pending',
    specVersion: 3,
    attempt: 0,
    error: null,
    inputSeq: 3,
    outputSeq: null,
    createdAt: now - 800,
    updatedAt: now - 800,
    startedAt: null,
    completedAt: null,
    retryAfter: null,
    message: null,
    dueAt: now - 800,
    leaseOwner: 'wkr_1',
    leaseEpoch: 5,
    deliveries: 1,
    version: 4,
    ...fields,
  };
}

export function hookRow(fields: Partial<HookRow> = {}): HookRow {
  return {
    shard: shardOf(runId),
    runId,
    hookId: 'hook_1',
    status: 'live',
    token: 'order-7',
    isWebhook: false,
    specVersion: 3,
    createdAt: now - 700,
    eventSeq: 4,
    version: 2,
    ...fields,
  };
}

export function waitRow(fields: Partial<WaitRow> = {}): WaitRow {
  return {
    shard: shardOf(runId),
    runId,
    waitId: 'wait_1',
    status: 'waiting',
    specVersion: 3,
    resumeAt: now + 60_000,
    dueAt: now + 60_000,
    createdAt: now - 700,
    updatedAt: now - 700,
    completedAt: null,
    version: 1,
    ...fields,
  };
}

export function ruleContext(fields: Partial<RuleContext> = {}): RuleContext {
  return {
    now,
    hostNow: fields.now ?? now,
    namespace: '',
    encryptionKeyId: null,
    runLease: null,
    stepLease: null,
    bearStepFor: null,
    waiveStaleness: false,
    ...fields,
  };
}

export type EventRequest = CreateEventRequest | RunCreatedEventRequest;

export interface Question {
  readonly event: EventRequest;
  readonly state?: Partial<State>;
  readonly context?: Partial<RuleContext>;
  readonly params?: CreateEventParams;
  /** Of the run that is written to; by default the one of the rows. */
  readonly id?: string;
}

/** What the rules say about an event, given what is stored: by default a running run, and nothing else. */
export function ask({ event, state = {}, context = {}, params, id = runId }: Question): Decision {
  const request = parseRequest(id, event, params, context.now ?? now);
  return decide(request, { run: runRow(), ...state }, ruleContext(context));
}

/** The transition of a question that is answered with one. */
export function transitionOf(question: Question): Transition {
  const decision = ask(question);
  expect(decision.kind).toBe('commit');
  return (decision as Extract<Decision, { kind: 'commit' }>).transition;
}

export const eventTypes = ({ events }: Transition): string[] => events.map(({ type }) => type);
