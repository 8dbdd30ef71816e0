import { describe, expect, it } from 'vitest';
import { ask, eventTypes, now, runRow, transitionOf, waitRow } from '../../../test/support/rules.ts';
import { decodeFields, decodeValue } from '../../base/codec.ts';
import { renderUlid } from '../../base/ulid.ts';
import * as build from '../../testing/event-builders.ts';
import { shardOf } from '../shard.ts';
import { atCommit, seqOfEvent } from '../transition.ts';
import { startedAtBirth } from './runs.ts';

const absent = { run: undefined };
const idOf = (ms: number) => `wrun_${renderUlid({ ms, high40: 1, low40: 1 })}`;
const day = 86_400_000;

describe('run_created', () => {
  it('makes a pending run, its first event and its first wake in one act', () => {
    const event = build.runCreated({
      deploymentId: 'dpl_9',
      workflowName: 'w',
      input: 'in',
      executionContext: { traceCarrier: { a: 'b' } },
    });
    const transition = transitionOf({ event, state: absent, id: 'run_new', context: { namespace: 'shop', encryptionKeyId: 'key_1' } });
    expect(transition).toMatchObject({ guard: { absent: true }, shard: shardOf('run_new'), wakeAt: now });
    expect(transition.run).toMatchObject({
      kind: 'create',
      row: {
        runId: 'run_new',
        status: 'pending',
        namespace: 'shop',
        deploymentId: 'dpl_9',
        encryptionKeyId: 'key_1',
        inputSeq: seqOfEvent(0),
        startedAt: null,
        createdAt: atCommit,
      },
    });
    expect(eventTypes(transition)).toEqual(['run_created']);
    expect(decodeValue(transition.events[0]?.payload as Uint8Array)).toBe('in');
  });

  it('of a run that a worker takes at once starts it in the same act', () => {
    const transition = startedAtBirth(transitionOf({ event: build.runCreated(), state: absent, id: 'run_new' }));
    expect(transition.run).toMatchObject({ kind: 'create', row: { status: 'running', startedAt: atCommit, inputSeq: seqOfEvent(0) } });
    expect(eventTypes(transition)).toEqual(['run_created', 'run_started']);
    expect(startedAtBirth(transition)).toBe(transition);
  });

  it('of a run that exists is a conflict', () => {
    expect(() => ask({ event: build.runCreated() })).toThrow(expect.objectContaining({ name: 'EntityConflictError', status: 409 }));
  });

  it.each([
    ['a day ago', now - day, true],
    ['a day and a second ago', now - day - 1_000, false],
    ['now', now, true],
    ['in five minutes', now + 300_000, true],
    ['in five minutes and a second', now + 301_000, false],
  ])('takes an id of about now: %s', (_, ms, isTaken) => {
    const question = { event: build.runCreated(), state: absent, id: idOf(ms) };
    if (isTaken) expect(transitionOf(question).runId).toBe(idOf(ms));
    else expect(() => ask(question)).toThrow(expect.objectContaining({ status: 400, message: expect.stringContaining('timestamp') }));
  });

  it('takes an id of about now by the clock of its host, wrong as that may be', () => {
    for (const wrongBy of [-2 * day, 600_000]) {
      const question = { event: build.runCreated(), state: absent, id: idOf(now + wrongBy), context: { hostNow: now + wrongBy } };
      expect(transitionOf(question).runId).toBe(question.id);
    }
  });

  it('takes an id that has no time in it', () => {
    expect(transitionOf({ event: build.runCreated(), state: absent, id: 'order-7' }).runId).toBe('order-7');
  });

  it.each([
    [0, null],
    [1, null],
    [2, now],
    [3, now],
    [4, null],
  ])('of protocol %i is stored, and delivered only if we speak it', (version, wakeAt) => {
    const transition = transitionOf({ event: build.runCreated({}, version), state: absent, id: 'run_new' });
    expect(transition).toMatchObject({ wakeAt, run: { row: { specVersion: version } } });
  });
});

describe('run_started', () => {
  it('starts a pending run, and keeps nothing of what it carried', () => {
    const event = build.runStarted({ deploymentId: 'd', workflowName: 'w', input: 'in' });
    const transition = transitionOf({ event, state: { run: runRow({ status: 'pending', startedAt: null }) } });
    expect(transition.run).toEqual({ kind: 'start' });
    expect(transition.events).toEqual([expect.objectContaining({ type: 'run_started', meta: null, payload: null })]);
    expect(transition.wakeAt).toBeNull();
  });

  it('of a running run changes nothing', () => {
    expect(ask({ event: build.runStarted() })).toEqual({ kind: 'unchanged', eventSeq: null });
  });

  it('completes the waits that are due, in the delivery of the run', () => {
    const wait = waitRow({ resumeAt: now - 5, dueAt: now - 5 });
    const context = { runLease: { owner: 'wkr_1', epoch: 3 } };
    const transition = transitionOf({ event: build.runStarted(), state: { openWaits: [wait] }, context });
    expect(transition.run).toEqual({ kind: 'append' });
    expect(transition.waits).toEqual([{ ...wait, status: 'completed', completedAt: atCommit, updatedAt: atCommit, version: 2 }]);
    expect(transition.events).toEqual([expect.objectContaining({ type: 'wait_completed', correlationId: 'wait_1' })]);
    expect(decodeFields(String(transition.events[0]?.meta))).toEqual({ resumeAt: new Date(now - 5) });
    expect(transition.external).toBe(false);
  });

  it.each([
    ['that the run would not be woken for any more', null, now + 60_000],
    ['that would end before the run is woken again', now + 60_001, now + 60_000],
    ['that the run will be woken for', now + 60_000, null],
  ])('wakes the run for a wait %s, and completes none before its time', (_, nextWakeAt, wakeAt) => {
    const state = { run: runRow({ status: 'running', dueAt: nextWakeAt }), openWaits: [waitRow({ dueAt: now + 60_000 })] };
    const decision = ask({ event: build.runStarted(), state, context: { runLease: { owner: 'wkr_1', epoch: 3 } } });
    expect(decision).toMatchObject(
      wakeAt === null ? { kind: 'unchanged' } : { kind: 'commit', transition: { wakeAt, events: [], waits: [] } },
    );
  });

  it('leaves due waits alone where nobody holds the run', () => {
    expect(ask({ event: build.runStarted(), state: { openWaits: [waitRow({ dueAt: now - 5 })] } })).toMatchObject({ kind: 'unchanged' });
  });

  it('of a missing run creates it from what the queue carried, its run_created first', () => {
    const event = build.runStarted({ deploymentId: 'd', workflowName: 'w', input: 'in', executionContext: { a: 1 } });
    const transition = transitionOf({ event, state: absent, id: 'run_new' });
    expect(transition).toMatchObject({ guard: { absent: true }, run: { kind: 'create', row: { status: 'running', startedAt: atCommit } } });
    expect(eventTypes(transition)).toEqual(['run_created', 'run_started']);
    expect(decodeValue(transition.events[0]?.payload as Uint8Array)).toBe('in');
    expect(transition.events[1]).toMatchObject({ meta: null, payload: null });
    expect(transition.wakeAt).toBe(now);
  });

  it.each([
    [undefined],
    [{ deploymentId: '', workflowName: 'w', input: 1 }],
    [{ deploymentId: 'd', workflowName: '', input: 1 }],
    [{ deploymentId: 'd', workflowName: 'w', input: undefined }],
  ])('of a missing run is refused without all of that: %j', (data) => {
    const question = { event: build.runStarted(data), state: absent };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'WorkflowRunNotFoundError' }));
  });

  it('takes an input that is falsy for an input', () => {
    for (const input of [null, 0, '', false]) {
      const event = build.runStarted({ deploymentId: 'd', workflowName: 'w', input });
      expect(eventTypes(transitionOf({ event, state: absent }))).toEqual(['run_created', 'run_started']);
    }
  });
});

describe('the end of a run', () => {
  it.each(['pending', 'running'] as const)('may come while it is %s', (status) => {
    const state = { run: runRow({ status }) };
    expect(transitionOf({ event: build.runCompleted(), state }).run).toMatchObject({ kind: 'finish', status: 'completed' });
    expect(transitionOf({ event: build.runFailed(), state }).run).toMatchObject({ kind: 'finish', status: 'failed' });
    expect(transitionOf({ event: build.runCancelled(), state }).run).toMatchObject({ kind: 'finish', status: 'cancelled' });
  });

  it('run_completed points to the event that holds the output', () => {
    expect(transitionOf({ event: build.runCompleted('out') }).run).toMatchObject({ outputSeq: seqOfEvent(0), error: null });
  });

  it.each([
    [{ error: 'boom' }, { message: 'boom' }],
    [
      { error: { message: 'boom', stack: 'at x' }, errorCode: 'USER_ERROR' },
      { message: 'boom', stack: 'at x', code: 'USER_ERROR' },
    ],
    [{ error: { reason: 'odd' } }, { message: 'Unknown error' }],
    [{ error: undefined }, { message: 'Unknown error' }],
    [{ error: 42 }, { message: 'Unknown error' }],
  ])('run_failed keeps message, stack and code of %j', (data, expected) => {
    const { run } = transitionOf({ event: build.runFailed(data) });
    expect(run).toMatchObject({ kind: 'finish', status: 'failed', outputSeq: null });
    expect(JSON.parse(String(run.kind === 'finish' && run.error))).toEqual(expected);
  });

  it('run_cancelled of a cancelled run is recorded once more and changes nothing', () => {
    const transition = transitionOf({ event: build.runCancelled(), state: { run: runRow({ status: 'cancelled' }) } });
    expect(transition).toMatchObject({ run: { kind: 'append' }, wakeAt: null });
    expect(eventTypes(transition)).toEqual(['run_cancelled']);
  });

  it.each(['completed', 'failed'] as const)('run_cancelled of a run that has %s is a conflict', (status) => {
    const question = { event: build.runCancelled(), state: { run: runRow({ status }) } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'EntityConflictError' }));
  });
});

describe('the guard against a result that is out of date', () => {
  const run = runRow({ markerMs: 1_000 });

  it('refuses run_completed where an event from outside is newer than what the replay saw', () => {
    const question = { event: build.runCompleted(), state: { run }, params: { stateUpdatedAt: 999 } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'PreconditionFailedError', status: 412 }));
  });

  it('lets the same instant pass, and asks again at the commit', () => {
    const { guard } = transitionOf({ event: build.runCompleted(), state: { run }, params: { stateUpdatedAt: 1_000 } });
    expect(guard).toMatchObject({ markerAtMost: 1_000 });
  });

  it('does not ask who does not say what it saw', () => {
    expect(transitionOf({ event: build.runCompleted(), state: { run } }).guard).toMatchObject({ markerAtMost: null });
  });

  it('gives way where events keep arriving faster than a replay', () => {
    const question = { event: build.runCompleted(), state: { run }, params: { stateUpdatedAt: 1 }, context: { waiveStaleness: true } };
    expect(transitionOf(question).guard).toMatchObject({ markerAtMost: null });
  });

  it('does not hold up what fails or cancels a run', () => {
    const params = { stateUpdatedAt: 1 };
    for (const event of [build.runFailed(), build.runCancelled()]) {
      expect(transitionOf({ event, state: { run }, params }).guard).toMatchObject({ markerAtMost: null });
    }
  });
});
