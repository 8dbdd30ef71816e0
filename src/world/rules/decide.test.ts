import { describe, expect, it } from 'vitest';
import {
  ask,
  type EventRequest,
  hookRow,
  now,
  runRow,
  stepRow,
  terminalStatuses,
  transitionOf,
  waitRow,
} from '../../../test/support/rules.ts';
import * as build from '../../testing/event-builders.ts';
import type { State } from '../port.ts';

const later = new Date(now + 60_000);
const everything: Partial<State> = { step: stepRow(), hook: hookRow(), wait: waitRow() };

/** One of each type, and what is there when it is written. */
const events: readonly (readonly [string, EventRequest, Partial<State>])[] = [
  ['run_started', build.runStarted(), { run: runRow({ status: 'pending' }) }],
  ['run_completed', build.runCompleted(), {}],
  ['run_failed', build.runFailed(), {}],
  ['run_cancelled', build.runCancelled(), {}],
  ['step_created', build.stepCreated('step_1'), {}],
  ['step_started', build.stepStarted('step_1'), everything],
  ['step_completed', build.stepCompleted('step_1'), everything],
  ['step_failed', build.stepFailed('step_1'), everything],
  ['step_retrying', build.stepRetrying('step_1', { retryAfter: later }), everything],
  ['hook_created', build.hookCreated('hook_1'), {}],
  ['hook_received', build.hookReceived('hook_1'), everything],
  ['hook_disposed', build.hookDisposed('hook_1'), everything],
  ['wait_created', build.waitCreated('wait_1', later), {}],
  ['wait_completed', build.waitCompleted('wait_1'), everything],
];

describe('every event', () => {
  it.each(events)('%s is written to the shard of its run, under a guard on what the rule saw', (type, event, state) => {
    const { run = runRow() } = state;
    const transition = transitionOf({ event, state });
    expect(transition).toMatchObject({ shard: run.shard, runId: run.runId, now });
    expect(transition.guard).toMatchObject({ absent: false, status: run.status });
    expect(transition.events[0]).toMatchObject({ type, specVersion: 3 });
  });

  it.each(events)('%s gives the same decision each time', (_, event, state) => {
    expect(ask({ event, state })).toEqual(ask({ event, state }));
  });

  it.each(events)('%s keeps the instant at which it is said to have occurred', (_, event, state) => {
    const occurredAt = new Date(5);
    expect(transitionOf({ event, state, params: { occurredAt } }).events[0]?.occurredAt).toBe(5);
    expect(transitionOf({ event, state }).events[0]?.occurredAt).toBeNull();
  });

  it.each(events)('%s of a run of a newer protocol is refused', (_, event, state) => {
    const run = runRow({ ...state.run, specVersion: 4 });
    expect(() => ask({ event, state: { ...state, run } })).toThrow(expect.objectContaining({ name: 'RunNotSupportedError' }));
  });

  it.each(events)('%s of a run that does not exist is refused', (_, event) => {
    const state = { run: undefined };
    expect(() => ask({ event, state })).toThrow(expect.objectContaining({ name: 'WorkflowRunNotFoundError', status: 404 }));
  });
});

describe('a run that is over', () => {
  const refusals: Readonly<Record<string, string>> = {
    run_started: 'RunExpiredError',
    run_completed: 'EntityConflictError',
    run_failed: 'EntityConflictError',
    step_created: 'EntityConflictError',
    step_started: 'RunExpiredError',
    step_failed: 'EntityConflictError',
    hook_created: 'EntityConflictError',
    hook_received: 'HookNotFoundError',
    hook_disposed: 'HookNotFoundError',
    wait_created: 'EntityConflictError',
    wait_completed: 'EntityConflictError',
  };
  const refused = events.flatMap(([type, event, state]) =>
    terminalStatuses.flatMap((status) => (refusals[type] ? [[type, status, refusals[type], event, state] as const] : [])),
  );

  it.each(refused)('refuses %s where it has %s: %s', (_, status, name, event, state) => {
    const run = runRow({ status, completedAt: now - 1 });
    expect(() => ask({ event, state: { ...state, run } })).toThrow(expect.objectContaining({ name }));
  });

  it.each(['step_completed', 'step_failed', 'step_retrying'] as const)(
    'takes the late %s of a step that was under way, and wakes nobody',
    (type) => {
      const run = runRow({ status: 'cancelled', completedAt: now - 1 });
      const [, event] = events.find(([name]) => name === type) as (typeof events)[number];
      const transition = transitionOf({ event, state: { run, step: stepRow({ status: 'running', attempt: 1 }) } });
      expect(transition.events.map((entry) => entry.type)).toEqual([type]);
      expect(transition.wakeAt).toBeNull();
      expect(transition.steps[0]).toMatchObject({ dueAt: null, leaseOwner: null });
    },
  );

  it('says in its refusal that it is over, in the words that suites look for', () => {
    const run = runRow({ status: 'completed' });
    const messages = [build.stepCreated('s'), build.runCompleted(), build.runStarted()].map((event) => {
      try {
        return ask({ event, state: { run } });
      } catch (error) {
        return (error as Error).message;
      }
    });
    for (const message of messages) expect(message).toMatch(/terminal state "completed" \(terminal run\)/);
  });
});

describe('a write of a delivery', () => {
  const lost = { runLease: { owner: 'wkr_1', epoch: 2 } };
  const held = { runLease: { owner: 'wkr_1', epoch: 3 } };
  const fromOutside = new Set(['hook_received', 'run_cancelled']);
  // A delivery completes a wait only when it is due.
  const byReplay = events
    .filter(([type]) => !fromOutside.has(type))
    .map(([type, event, state]) => [type, event, type === 'wait_completed' ? { wait: waitRow({ dueAt: now }) } : state] as const);

  it.each(byReplay)('%s carries the lease of the run into its guard', (_, event, state) => {
    expect(transitionOf({ event, state, context: held }).guard).toMatchObject({ lease: held.runLease });
  });

  it.each(byReplay)('%s is refused when the run was given to another worker meanwhile', (_, event, state) => {
    expect(() => ask({ event, state, context: lost })).toThrow(expect.objectContaining({ status: 503, code: 'LEASE_LOST' }));
    expect(() => ask({ event, state, context: { runLease: { owner: 'wkr_2', epoch: 3 } } })).toThrow(/lost to another worker/);
  });

  it.each(events.filter(([type]) => fromOutside.has(type)))('%s comes from outside and asks for no lease', (_, event, state) => {
    expect(transitionOf({ event, state, context: lost }).guard).toMatchObject({ lease: null });
  });
});
