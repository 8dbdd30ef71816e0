import { describe, expect, it } from 'vitest';
import { ask, eventTypes, hookRow, now, runRow, transitionOf } from '../../../test/support/rules.ts';
import { decodeFields, decodeValue } from '../../base/codec.ts';
import * as build from '../../testing/event-builders.ts';
import { seqOfEvent } from '../transition.ts';

const created = build.hookCreated('hook_9', { token: 'order-7', metadata: { a: 1 } });
const notFound = expect.objectContaining({ name: 'HookNotFoundError', status: 404 });

describe('hook_created', () => {
  it('makes a live hook and takes its token', () => {
    const transition = transitionOf({ event: created });
    expect(transition.hooks).toEqual([
      expect.objectContaining({
        hookId: 'hook_9',
        token: 'order-7',
        status: 'live',
        isWebhook: false,
        eventSeq: seqOfEvent(0),
        version: 1,
      }),
    ]);
    expect(transition.takeToken).toEqual({ token: 'order-7', hookId: 'hook_9' });
    expect(eventTypes(transition)).toEqual(['hook_created']);
    expect(decodeValue(transition.events[0]?.payload as Uint8Array)).toEqual({ a: 1 });
    expect(transition.wakeAt).toBeNull();
  });

  it('remembers that it is a webhook', () => {
    const event = build.hookCreated('hook_9', { token: 't', isWebhook: true });
    expect(transitionOf({ event }).hooks[0]?.isWebhook).toBe(true);
  });

  it('speaks the protocol of its event, or else that of its run', () => {
    const { specVersion: _, ...unsaid } = created;
    expect(transitionOf({ event: unsaid, state: { run: runRow({ specVersion: 2 }) } }).hooks[0]?.specVersion).toBe(2);
    expect(transitionOf({ event: created, state: { run: runRow({ specVersion: 2 }) } }).hooks[0]?.specVersion).toBe(3);
  });

  it.each(['run_2', 'run_1'])('is answered with hook_conflict, not with an error, where %s holds the token', (holder) => {
    const transition = transitionOf({ event: created, state: { tokenHolder: { runId: holder, hookId: 'hook_0' } } });
    expect(transition.hooks[0]).toMatchObject({ hookId: 'hook_9', status: 'conflict', eventSeq: seqOfEvent(0) });
    expect(transition.takeToken).toBeNull();
    expect(eventTypes(transition)).toEqual(['hook_conflict']);
    expect(decodeFields(String(transition.events[0]?.meta))).toEqual({ token: 'order-7', conflictingRunId: holder });
  });

  it('that lost once is answered with the same event again, though the token is free by now', () => {
    const state = { hook: hookRow({ status: 'conflict', eventSeq: 12 }) };
    expect(ask({ event: created, state })).toEqual({ kind: 'unchanged', eventSeq: 12 });
  });

  it.each(['live', 'disposed'] as const)('of a hook that was created before and is %s is a conflict', (status) => {
    const question = { event: created, state: { hook: hookRow({ status }) } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'EntityConflictError' }));
  });
});

describe('hook_received', () => {
  it('wakes the run, comes from outside, and needs the hook as it was seen', () => {
    const transition = transitionOf({ event: build.hookReceived('hook_1', 'hi'), state: { hook: hookRow() } });
    expect(transition).toMatchObject({ external: true, wakeAt: now, holdHook: { hookId: 'hook_1', version: 2 }, hooks: [] });
    expect(decodeValue(transition.events[0]?.payload as Uint8Array)).toBe('hi');
  });

  it('has a payload where it brings nothing but null', () => {
    const [event] = transitionOf({ event: build.hookReceived('hook_1', null), state: { hook: hookRow() } }).events;
    expect(decodeValue(event?.payload as Uint8Array)).toBeNull();
  });

  it.each([[undefined], [hookRow({ status: 'disposed' })], [hookRow({ status: 'conflict' })]])('needs a hook that lives', (hook) => {
    expect(() => ask({ event: build.hookReceived('hook_1'), state: { hook } })).toThrow(notFound);
  });
});

describe('hook_disposed', () => {
  it('frees the token with the commit', () => {
    const transition = transitionOf({ event: build.hookDisposed('hook_1'), state: { hook: hookRow() } });
    expect(transition).toMatchObject({
      releaseToken: 'order-7',
      hooks: [{ status: 'disposed', version: 3 }],
      wakeAt: null,
      external: false,
    });
    expect(eventTypes(transition)).toEqual(['hook_disposed']);
  });

  it('is not appended twice', () => {
    const question = { event: build.hookDisposed('hook_1'), state: { hook: hookRow({ status: 'disposed' }) } };
    expect(() => ask(question)).toThrow(expect.objectContaining({ name: 'EntityConflictError' }));
  });

  it.each([[undefined], [hookRow({ status: 'conflict' })]])('needs a hook that lives', (hook) => {
    expect(() => ask({ event: build.hookDisposed('hook_1'), state: { hook } })).toThrow(notFound);
  });
});
