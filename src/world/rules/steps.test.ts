import { describe, expect, it } from 'vitest';
import { ask, eventTypes, now, runRow, stepRow, transitionOf } from '../../../test/support/rules.ts';
import { decodeValue } from '../../base/codec.ts';
import * as build from '../../testing/event-builders.ts';
import { atCommit, seqOfEvent } from '../transition.ts';

const running = stepRow({ status: 'running', attempt: 2, startedAt: now - 300 });
const conflict = expect.objectContaining({ name: 'EntityConflictError', status: 409 });

describe('step_created', () => {
  it('makes a pending step that is its own message, due at once', () => {
    const event = build.stepCreated('step_9', { stepName: 'step//größe', input: new Uint8Array([1]) });
    const transition = transitionOf({ event, state: { run: runRow({ namespace: 'shop' }) } });
    expect(transition.steps).toEqual([
      expect.objectContaining({
        stepId: 'step_9',
        stepName: 'step//größe',
        namespace: 'shop',
        status: 'pending',
        attempt: 0,
        dueAt: now,
        leaseOwner: null,
        deliveries: 0,
        inputSeq: seqOfEvent(0),
        startedAt: null,
        version: 1,
      }),
    ]);
    expect(eventTypes(transition)).toEqual(['step_created']);
    expect(decodeValue(transition.events[0]?.payload as Uint8Array)).toEqual(new Uint8Array([1]));
    expect(transition.wakeAt).toBeNull();
  });

  it('is started in the same act where a worker of this process takes it', () => {
    const transition = transitionOf({ event: build.stepCreated('step_9'), context: { bearStepFor: 'wkr_1' } });
    expect(eventTypes(transition)).toEqual(['step_created', 'step_started']);
    expect(transition.steps[0]).toMatchObject({
      status: 'running',
      attempt: 1,
      startedAt: atCommit,
      leaseOwner: 'wkr_1',
      leaseEpoch: 1,
      deliveries: 1,
    });
  });

  it('of a step that exists is a conflict, whatever has become of it', () => {
    for (const status of ['pending', 'running', 'completed', 'failed'] as const) {
      expect(() => ask({ event: build.stepCreated('step_1'), state: { step: stepRow({ status }) } })).toThrow(conflict);
    }
  });
});

describe('step_started', () => {
  it('counts an attempt, begins its time once and takes the gate away', () => {
    const [first] = transitionOf({ event: build.stepStarted('step_1'), state: { step: stepRow({ retryAfter: now - 1 }) } }).steps;
    expect(first).toMatchObject({ status: 'running', attempt: 1, startedAt: atCommit, retryAfter: null, version: 5 });
    const [again] = transitionOf({ event: build.stepStarted('step_1'), state: { step: running } }).steps;
    expect(again).toMatchObject({ status: 'running', attempt: 3, startedAt: now - 300 });
  });

  it.each([
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [59_500, 60],
  ])('is too early %i ms before retryAfter, which is %i seconds in words', (ms, retryAfter) => {
    const question = { event: build.stepStarted('step_1'), state: { step: stepRow({ retryAfter: now + ms }) } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'TooEarlyError', status: 425, retryAfter }));
    expect(() => ask(question)).toThrow(/retryAfter/);
  });

  it('of a step that a run refused because it was over is told that it is over', () => {
    const question = { event: build.stepStarted('step_1'), state: { run: runRow({ status: 'cancelled' }) } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'RunExpiredError' }));
  });

  it('may come at retryAfter to the millisecond', () => {
    expect(transitionOf({ event: build.stepStarted('step_1'), state: { step: stepRow({ retryAfter: now }) } }).steps).toHaveLength(1);
  });
});

describe('the end of a step', () => {
  const ends = [
    ['step_completed', build.stepCompleted('step_1', 'done')],
    ['step_failed', build.stepFailed('step_1', { error: 'boom', stack: 'at x' })],
  ] as const;

  it.each(ends)('%s may come before it was started, and wakes the run in the same act', (type, event) => {
    for (const step of [stepRow(), running]) {
      const transition = transitionOf({ event, state: { step } });
      expect(transition.steps[0]).toMatchObject({ completedAt: atCommit, dueAt: null, leaseOwner: null, deliveries: 0, version: 5 });
      expect(eventTypes(transition)).toEqual([type]);
      expect(transition.wakeAt).toBe(now);
    }
  });

  it('step_completed points to the event that holds the result, and takes the error of an earlier attempt away', () => {
    const step = stepRow({ ...running, error: '{"message":"once"}' });
    expect(transitionOf({ event: ends[0][1], state: { step } }).steps[0]).toMatchObject({
      status: 'completed',
      outputSeq: seqOfEvent(0),
      error: null,
    });
  });

  it('step_failed keeps message and stack', () => {
    const [step] = transitionOf({ event: ends[1][1], state: { step: running } }).steps;
    expect(JSON.parse(String(step?.error))).toEqual({ message: 'boom', stack: 'at x' });
  });

  it.each(ends)('%s comes from outside unless it says what it saw', (_, event) => {
    const state = { step: running };
    expect(transitionOf({ event, state }).external).toBe(true);
    expect(transitionOf({ event, state, params: { stateUpdatedAt: now } }).external).toBe(false);
  });
});

describe('step_retrying', () => {
  it('makes the step pending again and due at retryAfter, its tries counted anew', () => {
    const event = build.stepRetrying('step_1', { error: 'busy', retryAfter: new Date(now + 5_000) });
    const [step] = transitionOf({ event, state: { step: running } }).steps;
    expect(step).toMatchObject({
      status: 'pending',
      retryAfter: now + 5_000,
      dueAt: now + 5_000,
      leaseOwner: null,
      deliveries: 0,
      attempt: 2,
    });
    expect(JSON.parse(String(step?.error))).toEqual({ message: 'busy' });
  });

  it('is due after the pause that was meant, however wrong the clock of its host is', () => {
    const hostNow = now + 600_000;
    const event = build.stepRetrying('step_1', { error: 'busy', retryAfter: new Date(hostNow + 5_000) });
    const [step] = transitionOf({ event, state: { step: running }, context: { hostNow } }).steps;
    expect(step).toMatchObject({ retryAfter: now + 5_000, dueAt: now + 5_000 });
  });

  it('leaves the lease to its delivery where it names no time', () => {
    const [step] = transitionOf({ event: build.stepRetrying('step_1'), state: { step: running } }).steps;
    expect(step).toMatchObject({ status: 'pending', retryAfter: null, dueAt: running.dueAt, leaseOwner: 'wkr_1', deliveries: 1 });
  });

  it('wakes nobody', () => {
    expect(transitionOf({ event: build.stepRetrying('step_1'), state: { step: running } })).toMatchObject({
      wakeAt: null,
      external: false,
    });
  });
});

describe('a step', () => {
  const changes = [build.stepStarted('step_1'), build.stepCompleted('step_1'), build.stepFailed('step_1'), build.stepRetrying('step_1')];

  it.each(changes)('that does not exist is not found: $eventType', (event) => {
    expect(() => ask({ event })).toThrow(expect.objectContaining({ name: 'WorkflowWorldError', status: 404 }));
  });

  it.each(changes)('that has ended takes no $eventType', (event) => {
    for (const status of ['completed', 'failed'] as const) {
      expect(() => ask({ event, state: { step: stepRow({ status }) } })).toThrow(conflict);
      expect(() => ask({ event, state: { step: stepRow({ status }) } })).toThrow(/terminal state/);
    }
  });

  it.each(changes)('that was given to another worker takes no $eventType of the one before', (event) => {
    const context = { stepLease: { owner: 'wkr_1', epoch: 4 } };
    expect(() => ask({ event, state: { step: running }, context })).toThrow(expect.objectContaining({ status: 503, code: 'LEASE_LOST' }));
    const held = { stepLease: { owner: 'wkr_1', epoch: 5 } };
    expect(transitionOf({ event, state: { step: running }, context: held }).steps).toHaveLength(1);
  });

  it.each(changes)('is written over the row that the rule saw: $eventType', (event) => {
    expect(transitionOf({ event, state: { step: running } }).steps[0]?.version).toBe(running.version + 1);
  });
});
