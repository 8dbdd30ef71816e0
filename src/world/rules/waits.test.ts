import { describe, expect, it } from 'vitest';
import { ask, eventTypes, now, transitionOf, waitRow } from '../../../test/support/rules.ts';
import { decodeFields } from '../../base/codec.ts';
import * as build from '../../testing/event-builders.ts';
import { atCommit } from '../transition.ts';

const conflict = expect.objectContaining({ name: 'EntityConflictError', status: 409 });
const inDelivery = { runLease: { owner: 'wkr_1', epoch: 3 } };

describe('wait_created', () => {
  it('makes a wait, and the run due at its end to the millisecond', () => {
    const transition = transitionOf({ event: build.waitCreated('wait_9', new Date(now + 123)) });
    expect(transition.waits).toEqual([
      expect.objectContaining({
        waitId: 'wait_9',
        status: 'waiting',
        resumeAt: now + 123,
        dueAt: now + 123,
        createdAt: atCommit,
        version: 1,
      }),
    ]);
    expect(transition).toMatchObject({ wakeAt: now + 123, external: false });
    expect(decodeFields(String(transition.events[0]?.meta))).toEqual({ resumeAt: new Date(now + 123) });
  });

  it('lasts as long as its host meant it to, however wrong the clock of that host is', () => {
    for (const wrongBy of [-600_000, 600_000]) {
      const hostNow = now + wrongBy;
      const transition = transitionOf({ event: build.waitCreated('wait_9', new Date(hostNow + 123)), context: { hostNow } });
      expect(transition.waits).toEqual([expect.objectContaining({ resumeAt: hostNow + 123, dueAt: now + 123 })]);
      expect(transition.wakeAt).toBe(now + 123);
    }
  });

  it('is for the very instant that was named where the clocks agree but for the error of looking at them', () => {
    for (const wrongBy of [-50, 50]) {
      const transition = transitionOf({ event: build.waitCreated('wait_9', new Date(now + 500)), context: { hostNow: now + wrongBy } });
      expect(transition.wakeAt).toBe(now + 500);
    }
  });

  it('may be for an instant that is past, or years away', () => {
    for (const resumeAt of [new Date(0), new Date(now + 3_650 * 86_400_000)]) {
      expect(transitionOf({ event: build.waitCreated('wait_9', resumeAt) }).wakeAt).toBe(resumeAt.getTime());
    }
  });

  it('of a wait that exists is a conflict', () => {
    for (const status of ['waiting', 'completed'] as const) {
      expect(() => ask({ event: build.waitCreated('wait_1', new Date(now)), state: { wait: waitRow({ status }) } })).toThrow(conflict);
    }
  });

  it('needs a time', () => {
    const event = { ...build.waitCreated('wait_9', new Date(now)), eventData: {} };
    expect(() => ask({ event: event as never })).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining('resumeAt') }),
    );
  });
});

describe('wait_completed', () => {
  it('from outside may come at any time, and wakes the run', () => {
    const transition = transitionOf({ event: build.waitCompleted('wait_1'), state: { wait: waitRow() } });
    expect(transition.waits).toEqual([{ ...waitRow(), status: 'completed', completedAt: atCommit, updatedAt: atCommit, version: 2 }]);
    expect(transition).toMatchObject({ wakeAt: now, external: true });
    expect(eventTypes(transition)).toEqual(['wait_completed']);
  });

  it('says what the wait was for, whatever it was told', () => {
    const event = build.waitCompleted('wait_1', new Date(5));
    const [completed] = transitionOf({ event, state: { wait: waitRow() } }).events;
    expect(decodeFields(String(completed?.meta))).toEqual({ resumeAt: new Date(waitRow().resumeAt) });
  });

  it('by a delivery comes when the wait is due, whatever the clock of its host says', () => {
    const event = build.waitCompleted('wait_1');
    expect(() => ask({ event, state: { wait: waitRow({ dueAt: now + 1 }) }, context: inDelivery })).toThrow(conflict);
    expect(transitionOf({ event, state: { wait: waitRow({ dueAt: now }) }, context: inDelivery }).waits).toHaveLength(1);
  });

  it('by a replay that says what it saw wakes nobody', () => {
    const question = { event: build.waitCompleted('wait_1'), state: { wait: waitRow() }, params: { stateUpdatedAt: now } };
    expect(transitionOf(question)).toMatchObject({ wakeAt: null, external: false });
  });

  it('is not appended twice', () => {
    const question = { event: build.waitCompleted('wait_1'), state: { wait: waitRow({ status: 'completed' }) } };
    expect(() => ask(question)).toThrow(conflict);
  });

  it('of a wait that does not exist is not found', () => {
    expect(() => ask({ event: build.waitCompleted('wait_1') })).toThrow(
      expect.objectContaining({ name: 'WorkflowWorldError', status: 404 }),
    );
  });
});
