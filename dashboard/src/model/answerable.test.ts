import { describe, expect, it } from 'vitest';
import type { Hook, Wait } from '../api/types.ts';
import { answerChoices, isAnswerable, waitingFirst } from './answerable.ts';

const hook = (hookId: string, status: Hook['status'], isFlowWait = true): Hook => ({
  hookId,
  tokenHint: 'tok…',
  status,
  createdAt: '2026-11-22T05:00:00.000Z',
  receivedAt: null,
  receivedCount: 0,
  isFlowWait,
  schema: null,
});
const sleep = (status: Wait['status']): Wait => ({
  waitId: 'wait_1',
  status,
  resumeAt: '2026-11-23T05:00:00.000Z',
  createdAt: '2026-11-22T05:00:00.000Z',
  completedAt: null,
});
const idsOf = (choices: readonly (Hook | undefined)[]) => choices.map((choice) => choice?.hookId);

describe('what an answer can be given to', () => {
  it('is, of a flow, the wait that is open and none that is over', () => {
    const hooks = [hook('third', 'waiting'), hook('second', 'disposed'), hook('first', 'received')];
    expect(idsOf(answerChoices('flow', { hooks, waits: [] }))).toEqual(['third']);
    expect(hooks.map((each) => isAnswerable('flow', each))).toEqual([true, false, false]);
  });

  it('begins, of a flow, with the newest of several that wait', () => {
    const hooks = [hook('now', 'waiting'), hook('issued early', 'waiting')];
    expect(idsOf(answerChoices('flow', { hooks, waits: [] }))).toEqual(['now', 'issued early']);
  });

  it('is, of a flow that sleeps, the sleep, which has no hook', () => {
    const hooks = [hook('before', 'received')];
    expect(idsOf(answerChoices('flow', { hooks, waits: [sleep('waiting')] }))).toEqual([undefined]);
    expect(idsOf(answerChoices('flow', { hooks: [hook('token', 'waiting')], waits: [sleep('waiting')] }))).toEqual(['token', undefined]);
    expect(idsOf(answerChoices('flow', { hooks: [hook('token', 'waiting')], waits: [sleep('completed')] }))).toEqual(['token']);
  });

  it('begins, of code, with the hook that waits; one that was answered may be answered again', () => {
    const hooks = [hook('answered', 'received', false), hook('gone', 'disposed', false), hook('open', 'waiting', false)];
    expect(idsOf(answerChoices('code', { hooks, waits: [sleep('waiting')] }))).toEqual(['open', 'answered']);
    expect(hooks.map((each) => isAnswerable('code', each))).toEqual([true, false, true]);
  });

  it('stands above what is over in a list of all hooks', () => {
    const hooks = [hook('d', 'waiting'), hook('c', 'disposed'), hook('b', 'waiting'), hook('a', 'received')];
    expect(idsOf(waitingFirst(hooks))).toEqual(['d', 'b', 'c', 'a']);
  });
});
