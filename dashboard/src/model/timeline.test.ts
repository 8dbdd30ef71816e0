import { describe, expect, it } from 'vitest';
import type { Hook, StepSummary, StepAttempt, Wait } from '../api/types.ts';
import { buildTimeline, type TimelineSource } from './timeline.ts';

const at = (ms: number) => new Date(ms).toISOString();
const attempt = (from: number, to: number | null, outcome: StepAttempt['outcome']): StepAttempt => ({
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  outcome,
  error: null,
});
const step = (name: string, createdAt: number, status: StepSummary['status'], ...attempts: StepAttempt[]): StepSummary => ({
  stepId: `step-${name}`,
  name,
  status,
  attempt: attempts.length,
  createdAt: at(createdAt),
  startedAt: attempts[0]?.startedAt ?? null,
  completedAt: attempts.at(-1)?.endedAt ?? null,
  retryAfter: null,
  error: null,
  attempts,
});
const wait = (createdAt: number, resumeAt: number, status: Wait['status'], completedAt?: number): Wait => ({
  completedAt: completedAt === undefined ? null : at(completedAt),
  waitId: `wait-${createdAt}`,
  status,
  resumeAt: at(resumeAt),
  createdAt: at(createdAt),
});
const hook = (createdAt: number, status: Hook['status'], receivedAt?: number): Hook => ({
  receivedAt: receivedAt === undefined ? null : at(receivedAt),
  hookId: `hook-${createdAt}`,
  tokenHint: 'or…17',
  status,
  createdAt: at(createdAt),
  receivedCount: status === 'received' ? 1 : 0,
  isFlowWait: false,
  schema: null,
});
const source = (rest: Partial<TimelineSource>): TimelineSource => ({
  run: { createdAt: at(1_000), completedAt: null, kind: 'code' },
  steps: [],
  hooks: [],
  waits: [],
  ...rest,
});
const ended = { createdAt: at(1_000), completedAt: at(2_000), kind: 'code' } as const;
const shapeOf = (timeline: ReturnType<typeof buildTimeline>) =>
  timeline.rows.map(({ segments }) => segments.map(({ kind, from, to, outcome, open }) => [kind, from, to, outcome, open]));

describe('the timeline of a run', () => {
  it('shows how long a step stood in the queue and how long it ran', () => {
    const timeline = buildTimeline(
      source({ run: ended, steps: [step('pay', 1_100, 'completed', attempt(1_150, 1_400, 'completed'))] }),
      9_000,
    );
    expect(shapeOf(timeline)).toEqual([
      [
        ['queued', 1_100, 1_150, 'waiting', false],
        ['attempt', 1_150, 1_400, 'completed', false],
      ],
    ]);
    expect(timeline.whole).toEqual({ from: 1_000, to: 2_000 });
  });

  it('shows every attempt and the pause before the next one', () => {
    const pay = step('pay', 1_100, 'completed', attempt(1_100, 1_200, 'retrying'), attempt(1_700, 1_800, 'completed'));
    expect(shapeOf(buildTimeline(source({ run: ended, steps: [pay] }), 9_000))).toEqual([
      [
        ['attempt', 1_100, 1_200, 'retrying', false],
        ['backoff', 1_200, 1_700, 'waiting', false],
        ['attempt', 1_700, 1_800, 'completed', false],
      ],
    ]);
  });

  it('ends what is still going on at this moment', () => {
    const steps = [
      step('run', 1_100, 'running', attempt(1_100, null, 'running')),
      step('retry', 1_200, 'pending', attempt(1_200, 1_300, 'retrying')),
      step('queue', 1_300, 'pending'),
    ];
    expect(
      shapeOf(buildTimeline(source({ steps, waits: [wait(1_400, 60_000, 'waiting')], hooks: [hook(1_500, 'waiting')] }), 3_000)),
    ).toEqual([
      [['attempt', 1_100, 3_000, 'running', true]],
      [
        ['attempt', 1_200, 1_300, 'retrying', false],
        ['backoff', 1_300, 3_000, 'waiting', true],
      ],
      [['queued', 1_300, 3_000, 'waiting', true]],
      [['sleep', 1_400, 3_000, 'waiting', true]],
      [['hook', 1_500, 3_000, 'waiting', true]],
    ]);
  });

  it('leaves nothing open in a run that has ended', () => {
    const steps = [step('cut', 1_100, 'running', attempt(1_100, null, 'running')), step('never', 1_200, 'pending')];
    const timeline = buildTimeline(
      source({ run: ended, steps, waits: [wait(1_300, 60_000, 'waiting')], hooks: [hook(1_400, 'waiting')] }),
      9_000,
    );
    expect(timeline.rows.flatMap(({ segments }) => segments).filter(({ open }) => open)).toEqual([]);
    expect(timeline.rows[0]?.segments[0]).toMatchObject({ outcome: 'cancelled', to: 2_000 });
  });

  it('ends a sleep when it was over, also if somebody woke the run before it was due', () => {
    expect(shapeOf(buildTimeline(source({ run: ended, waits: [wait(1_200, 90_000, 'completed', 1_700)] }), 9_000))).toEqual([
      [['sleep', 1_200, 1_700, 'completed', false]],
    ]);
  });

  it('ends a hook when it was answered', () => {
    expect(shapeOf(buildTimeline(source({ run: ended, hooks: [hook(1_200, 'received', 1_600)] }), 9_000))).toEqual([
      [['hook', 1_200, 1_600, 'completed', false]],
    ]);
  });

  it('covers steps that end after their run', () => {
    const late = step('late', 1_100, 'completed', attempt(1_100, 5_000, 'completed'));
    expect(buildTimeline(source({ run: ended, steps: [late] }), 9_000).whole).toEqual({ from: 1_000, to: 5_000 });
  });

  it('shows what a step of a flow waited for in its own row, and for how long', () => {
    const ask = step('ask', 1_100, 'completed', attempt(1_100, 1_900, 'completed'));
    const pauses = { hooks: [hook(1_200, 'received', 1_800)], waits: [wait(1_210, 90_000, 'cancelled')] };
    expect(shapeOf(buildTimeline(source({ run: { ...ended, kind: 'flow' }, steps: [ask], ...pauses }), 9_000))).toEqual([
      [
        ['attempt', 1_100, 1_200, 'completed', false],
        ['hook', 1_200, 1_800, 'completed', false],
        ['attempt', 1_800, 1_900, 'completed', false],
      ],
    ]);
  });

  it('shows a step of a flow that waits now as waiting', () => {
    const ask = step('ask', 1_100, 'running', attempt(1_100, null, 'running'));
    const run = { createdAt: at(1_000), completedAt: null, kind: 'flow' } as const;
    const { rows } = buildTimeline(source({ run, steps: [ask], waits: [wait(1_200, 90_000, 'waiting')] }), 3_000);
    expect(rows.map(({ status, segments }) => [status, segments.map(({ kind, to, open }) => [kind, to, open])])).toEqual([
      [
        'waiting',
        [
          ['attempt', 1_200, false],
          ['sleep', 3_000, true],
        ],
      ],
    ]);
  });

  it('orders rows by when they began', () => {
    const steps = [
      step('b', 1_300, 'completed', attempt(1_300, 1_400, 'completed')),
      step('a', 1_100, 'completed', attempt(1_100, 1_200, 'completed')),
    ];
    const { rows } = buildTimeline(source({ run: ended, steps, waits: [wait(1_200, 1_300, 'completed', 1_300)] }), 9_000);
    expect(rows.map(({ label }) => label)).toEqual(['a', 'sleep', 'b']);
  });
});
