import type { Hook, RunDetail, StepSummary, Wait } from '../api/types.ts';
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
  readonly run: Pick<RunDetail, 'createdAt' | 'completedAt' | 'kind'>;
  readonly steps: readonly StepSummary[];
  readonly hooks: readonly Hook[];
  readonly waits: readonly Wait[];
}

/**
 * What happened in a run and when, as rows of bars in the order in which they began. Of what has not ended, the bar ends now. In a flow it
 * is a step that sleeps or waits for somebody, so that is shown in the step's own row.
 */
export function buildTimeline({ run, steps, hooks, waits }: TimelineSource, nowMs: number): Timeline {
  const from = Date.parse(run.createdAt);
  const end = run.completedAt === null ? Math.max(nowMs, from) : Date.parse(run.completedAt);
  const ended = run.completedAt !== null;
  const stepRows = steps.map((step) => stepRow(step, end, ended));
  const pauseRows = [...waits.map((wait) => waitRow(wait, end, ended)), ...hooks.map((hook) => hookRow(hook, end, ended))];
  const rows = (run.kind === 'flow' && steps.length > 0 ? withPauses(stepRows, pauseRows) : [...stepRows, ...pauseRows]).toSorted(
    (a, b) => startOf(a) - startOf(b) || rank(a) - rank(b),
  );
  const segments = rows.flatMap((row) => row.segments);
  const whole = { from: Math.min(from, ...segments.map((s) => s.from)), to: Math.max(end, ...segments.map((s) => s.to)) };
  const busy = segments.filter(({ kind }) => kind === 'attempt');
  return { whole, rows, scale: createTimeScale(whole, busy) };
}

function stepRow(step: StepSummary, end: number, ended: boolean): TimelineRow {
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

function withPauses(steps: readonly TimelineRow[], pauses: readonly TimelineRow[]): TimelineRow[] {
  const spans = pauses.flatMap(({ segments }) => segments);
  return steps.map((row): TimelineRow => {
    const segments = row.segments.flatMap((segment) => (segment.kind === 'attempt' ? splitAt(segment, spans) : [segment]));
    const waits = segments.at(-1)?.open === true && segments.at(-1)?.kind !== 'attempt' && row.status === 'running';
    return { ...row, segments, status: waits ? 'waiting' : row.status };
  });
}

/** An attempt before, during and after what it waited for. Where it waited for two things, the first to come ended it. */
function splitAt(attempt: Segment, pauses: readonly Segment[]): Segment[] {
  const inside = pauses.filter(({ from }) => from >= attempt.from && from <= attempt.to).toSorted((a, b) => a.to - b.to);
  const [first] = inside;
  if (!first) return [attempt];
  const from = Math.min(...inside.map((pause) => pause.from));
  const to = Math.max(from, Math.min(first.to, attempt.to));
  const kind = inside.some((pause) => pause.kind === 'hook') ? 'hook' : 'sleep';
  const open = attempt.open && inside.every((pause) => pause.open);
  const parts: Segment[] = [
    { ...attempt, to: from, open: false, outcome: attempt.outcome === 'running' ? 'completed' : attempt.outcome },
    { kind, outcome: open ? 'waiting' : first.outcome, from, to, open },
    { ...attempt, from: to },
  ];
  return parts.filter((part, index) => index === 1 || part.to > part.from);
}

function gap(kind: 'queued' | 'backoff', from: number, to: number, open: boolean): Segment {
  return { kind, outcome: 'waiting', from, to, open };
}

function waitRow(wait: Wait, end: number, ended: boolean): TimelineRow {
  const from = Date.parse(wait.createdAt);
  const done = wait.status === 'completed';
  const open = !done && !ended;
  const outcome = done ? 'completed' : ended ? 'cancelled' : 'waiting';
  const segment: Segment = {
    kind: 'sleep',
    outcome,
    from,
    to: wait.completedAt === null ? Math.max(from, end) : Date.parse(wait.completedAt),
    open,
  };
  return { id: wait.waitId, kind: 'wait', label: 'sleep', status: outcome, segments: [segment] };
}

function hookRow(hook: Hook, end: number, ended: boolean): TimelineRow {
  const from = Date.parse(hook.createdAt);
  const open = hook.status === 'waiting' && !ended;
  const outcome = hook.status === 'waiting' ? (ended ? 'cancelled' : 'waiting') : 'completed';
  // One that was answered may be answered again, but nobody need wait for that.
  const to = hook.receivedAt === null ? Math.max(from, end) : Date.parse(hook.receivedAt);
  const segment: Segment = { kind: 'hook', outcome, from, to, open };
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
