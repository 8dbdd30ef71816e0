import { describe, expect, it } from 'vitest';
import { ask, eventTypes, now, runRow, transitionOf } from '../../../test/support/rules.ts';
import * as build from '../../testing/event-builders.ts';

describe('a run of the legacy protocol', () => {
  const run = runRow({ specVersion: 1, status: 'running' });

  it('is cancelled without an event', () => {
    const transition = transitionOf({ event: build.runCancelled(), state: { run } });
    expect(transition).toMatchObject({ run: { kind: 'cancelLegacy' }, events: [], wakeAt: null });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('that has %s stays as it is', (status) => {
    const state = { run: runRow({ specVersion: 1, status }) };
    expect(ask({ event: build.runCancelled(), state })).toEqual({ kind: 'unchanged', eventSeq: null });
  });

  it.each([build.waitCompleted('wait_1'), build.hookReceived('hook_1')])('takes $eventType without asking what it is for', (event) => {
    const transition = transitionOf({ event, state: { run } });
    expect(transition).toMatchObject({ external: true, wakeAt: now, waits: [], hooks: [], holdHook: null });
    expect(eventTypes(transition)).toEqual([event.eventType]);
  });

  it.each([
    build.runStarted(),
    build.runCompleted(),
    build.runFailed(),
    build.stepCreated('s'),
    build.stepStarted('s'),
    build.stepCompleted('s'),
    build.stepFailed('s'),
    build.stepRetrying('s'),
    build.hookCreated('h'),
    build.hookDisposed('h'),
    build.waitCreated('w', new Date(now)),
  ])('takes no $eventType', (event) => {
    const refusal = expect.objectContaining({ status: 409, message: expect.stringContaining('not supported for legacy runs') });
    for (const specVersion of [0, 1]) expect(() => ask({ event, state: { run: runRow({ specVersion }) } })).toThrow(refusal);
  });
});
