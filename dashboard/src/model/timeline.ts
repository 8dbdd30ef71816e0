import type { Hook, RunDetail, Step, Wait } from '../api/types.ts';
import { createTimeScale, type Span, type TimeScale } from './time-scale.ts';

/** What one stretch of a bar stands for. */
export type SegmentKind = 'queued' | 'attempt' | 'backoff' | 'sleep' | 'hook';
export type SegmentOutcome = 'completed' | 'failed' | 'retrying' | 'running' | 'waiting' | 'cancelled';

export interface Segment extends Span {
  readonly kind: SegmentKind;
  readonly outcome: SegmentOutcome;
  /** Still going on: its end moves with the clock. */
  readonly open: boolean;
  /** The number of the attempt, from 1. */
  readonly attempt?: number;
}

export interface TimelineRow {
  readonly id: string;
  readonly kind: 'step' | 'wait' | 'hook';
  readonly label: string;
  readonly status: SegmentOutcome | 'pending' | 'received' | 'disposed';
  readonly segments: readonly Segment[];
}

export interface Timeline {
  readonly whole: Span;
  readonly rows: readonly TimelineRow[];
  readonly scale: TimeScale;
}

export interface TimelineSource {
  readonly run: Pick<RunDetail, 'createdAt' | 'completedAt' | 'status'>;
  readonly steps: readonly Step[];
  readonly hooks: readonly Hook[];
  readonly waits: readonly Wait[];
}

/** What happened in a run and when, as rows of bars in the order in which they began. Of what has not ended, the bar ends now. */
export function buildTimeline({ run, steps, hooks, waits }: TimelineSource, nowMs: number): Timeline {
  const from = Date.parse(run.createdAt);
  const end = run.completedAt === null ? Math.max(nowMs, from) : Date.parse(run.completedAt);
  const rows = [
    ...steps.map((step) => stepRow(step, end, run.completedAt !== null)),
    ...waits.map((wait) => waitRow(wait, end, run.completedAt !== null)),
    ...hooks.map((hook) => hookRow(hook, end, run.completedAt !== null)),
  ].toSorted((a, b) => startOf(a) - startOf(b) || rank(a) - rank(b));
  const segments = rows.flatMap((row) => row.segments);
  const whole = { from: Math.min(from, ...segments.map((s) => s.from)), to: Math.max(end, ...segments.map((s) => s.to)) };
  const busy = segments.filter(({ kind }) => kind === 'attempt');
  return { whole, rows, scale: createTimeScale(whole, busy) };
}

function stepRow(step: Step, end: number, ended: boolean): TimelineRow {
  const segments: Segment[] = [];
  let free = Date.parse(step.createdAt);
  for (const [index, attempt] of step.attempts.entries()) {
    const from = Date.parse(attempt.startedAt);
    if (from > free) segments.push(gap(index === 0 ? 'queued' : 'backoff', free, from, false));
    const open = attempt.endedAt === null && !ended;
    const to = attempt.endedAt === null ? Math.max(from, end) : Date.parse(attempt.endedAt);
    // A run that ended leaves an attempt behind whose end nobody wrote down.
    const outcome = attempt.endedAt === null && ended ? 'cancelled' : attempt.outcome;
    segments.push({ kind: 'attempt', outcome, from, to, open, attempt: index + 1 });
    free = to;
  }
  if (step.status === 'pending' && end > free) segments.push(gap(step.attempts.length === 0 ? 'queued' : 'backoff', free, end, !ended));
  return { id: step.stepId, kind: 'step', label: step.name, status: step.status, segments };
}

function gap(kind: 'queued' | 'backoff', from: number, to: number, open: boolean): Segment {
  return { kind, outcome: 'waiting', from, to, open };
}

function waitRow(wait: Wait, end: number, ended: boolean): TimelineRow {
  const from = Date.parse(wait.createdAt);
  const done = wait.status === 'completed';
  const due = Date.parse(wait.resumeAt);
  const open = !done && !ended;
  const outcome = done ? 'completed' : ended ? 'cancelled' : 'waiting';
  const segment: Segment = { kind: 'sleep', outcome, from, to: Math.max(from, Math.min(due, end)), open };
  return { id: wait.waitId, kind: 'wait', label: 'sleep', status: outcome, segments: [segment] };
}

function hookRow(hook: Hook, end: number, ended: boolean): TimelineRow {
  const from = Date.parse(hook.createdAt);
  const open = hook.status === 'waiting' && !ended;
  const outcome = hook.status === 'waiting' ? (ended ? 'cancelled' : 'waiting') : 'completed';
  const segment: Segment = { kind: 'hook', outcome, from, to: Math.max(from, end), open };
  return { id: hook.hookId, kind: 'hook', label: hookLabel(hook), status: hook.status, segments: [segment] };
}

function hookLabel({ isFlowWait, tokenHint }: Hook): string {
  return `${isFlowWait ? 'wait for a signal' : 'hook'} ${tokenHint}`.trim();
}

function startOf({ segments }: TimelineRow): number {
  return segments[0]?.from ?? Number.POSITIVE_INFINITY;
}

function rank({ kind }: TimelineRow): number {
  return { step: 0, hook: 1, wait: 2 }[kind];
}
