import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import type { Outcome, SettleAct, WriteAct } from '../world/port.ts';
import type { TakenRun } from '../world/rows.ts';
import { blank } from '../world/rules/transitions.ts';
import type { Transition } from '../world/transition.ts';
import { runId, runRow } from '../../test/support/rules.ts';
import { Foresight } from './foresight.ts';

const now = 1_000;
const row: TakenRun = {
  ...runRow({ createdAt: 900, updatedAt: 950, startedAt: 920, lastSeq: 4, lastMs: 950, markerMs: 940, leaseEpoch: 2 }),
  waitsDue: 0,
  inboxFull: 0,
};
const lease = { owner: 'wkr_1', epoch: 2 };
const event = (type: string) => ({ type, correlationId: 'step_1', specVersion: 3, occurredAt: null, meta: null, payload: null });

function write(change: Partial<Transition>, takeRunFor: string | null = null): WriteAct {
  const transition: Transition = {
    ...blank(row.shard, runId, now),
    guard: { absent: false, status: 'running', lease: null, markerAtMost: null },
    events: [event('step_created'), event('step_started')],
    ...change,
  };
  return { kind: 'write', transition, takeRunFor };
}
const settle = (change: Partial<SettleAct> = {}): SettleAct => ({
  kind: 'settle',
  of: 'run',
  shard: row.shard,
  runId,
  id: runId,
  lease,
  now,
  result: { kind: 'done' },
  takeRunFor: null,
  inbox: [],
  ...change,
});
const stepEnds = write({ external: true, events: [event('step_completed')], wakeAt: now }, 'wkr_1');
const given = (taken: TakenRun): Outcome => ({ kind: 'woken', found: true, taken });
const wake = { kind: 'wake', shard: row.shard, runId, dueAt: now, now, takeRunFor: 'wkr_1' } as const;

let foresight: Foresight;
beforeEach(() => {
  foresight = new Foresight(createFakeClock());
});
/** As if nobody interfered. */
const perform = (act: WriteAct | SettleAct) => {
  const foreseen = foresight.foresee(act);
  expect(foresight.learn(act, foreseen, foreseen)).toBe(foreseen !== undefined);
  return foreseen;
};

describe('a run that this process was given', () => {
  beforeEach(() => void foresight.learn(wake, undefined, given(row)));

  it('is foreseen from step to step', () => {
    expect(perform(write({ guard: { absent: false, status: 'running', lease, markerAtMost: 940 } }))).toEqual({
      kind: 'written',
      firstSeq: 5,
      at: now,
      taken: undefined,
    });
    expect(perform(settle())).toEqual({ kind: 'settled', held: true, taken: undefined });
    const taken = { ...row, lastSeq: 7, lastMs: now + 1, markerMs: now + 1, updatedAt: now + 1, leaseEpoch: 3, deliveries: 1 };
    expect(perform(stepEnds)).toEqual({ kind: 'written', firstSeq: 7, at: now + 1, taken });
    expect(foresight.trusts(stepEnds)).toBe(true);
  });

  it('is given out again by the end of its delivery, if a step ended meanwhile', () => {
    perform(stepEnds);
    const ended = perform(settle({ takeRunFor: 'wkr_2', now: now + 5 })) as { taken: TakenRun };
    expect(ended.taken).toMatchObject({ leaseOwner: 'wkr_2', leaseEpoch: 3, deliveries: 1, dueAt: null, lastSeq: 5 });
  });

  it.each([
    ['another status', write({ guard: { absent: false, status: 'pending', lease: null, markerAtMost: null } })],
    ['another lease', write({ guard: { absent: false, status: 'running', lease: { owner: 'wkr_1', epoch: 1 }, markerAtMost: null } })],
    ['an older marker', write({ guard: { absent: false, status: 'running', lease: null, markerAtMost: 939 } })],
    ['its end', write({ run: { kind: 'finish', status: 'completed', error: null, outputSeq: null } })],
    ['a hook token', write({ releaseToken: 'token' })],
    ['messages', settle({ inbox: ['msg_1'] })],
    ['a failed delivery', settle({ result: { kind: 'retry', dueAt: now } })],
  ])('is not foreseen any more after a write with %s', (_, act) => {
    expect(foresight.foresee(act)).toBeUndefined();
    expect(foresight.foresee(stepEnds)).toBeUndefined();
  });

  it('is trusted again when others have left it alone for a while', () => {
    const foreseen = foresight.foresee(stepEnds);
    const others = { ...row, lastSeq: 9, lastMs: now + 1, leaseEpoch: 3 };
    expect(foresight.learn(stepEnds, foreseen, { kind: 'written', firstSeq: 9, at: now + 1, taken: others })).toBe(false);
    const append = write({ guard: { absent: false, status: 'running', lease: { owner: 'wkr_1', epoch: 3 }, markerAtMost: null } });
    for (let times = 0; times < 8; times += 1) {
      expect(foresight.trusts(append)).toBe(false);
      expect(perform(append)).toMatchObject({ firstSeq: 10 + 2 * times });
    }
    expect(foresight.trusts(append)).toBe(true);
  });

  it('is not known where nobody knows what came of an act', () => {
    expect(foresight.learn(stepEnds, foresight.foresee(stepEnds), undefined)).toBe(false);
    expect(foresight.foresee(settle())).toBeUndefined();
  });
});

it.each([
  ['waits', { waitsDue: 1 }],
  ['timers', { dueAt: 2_000 }],
  ['messages', { inboxFull: 1 }],
] as const)('a run with %s is not foreseen: the database alone knows what is due', (_, change) => {
  foresight.learn(wake, undefined, given({ ...row, ...change }));
  expect(foresight.foresee(stepEnds)).toBeUndefined();
});
