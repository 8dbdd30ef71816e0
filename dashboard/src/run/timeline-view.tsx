import { useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { RunDetail, StepSummary } from '../api/types.ts';
import { formatDuration } from '../model/format.ts';
import { readSteps, type StepPages, stepsOf } from '../model/step-pages.ts';
import { buildTimeline, type Segment, type Timeline, type TimelineRow } from '../model/timeline.ts';
import { ChevronIcon, ClockIcon, HookIcon } from '../ui/icons.tsx';
import { Empty, ProblemState, Skeleton, Unshown } from '../ui/states.tsx';
import { StatusIcon } from '../ui/status.tsx';
import { useNow } from '../ui/use-now.ts';
import { StepDetail } from './step-detail.tsx';
import { useGrowing } from './use-growing.ts';
import { useWaiting } from './use-waiting.ts';

export interface TimelineViewProps {
  readonly run: RunDetail;
  readonly version: number;
  readonly onRetryFrom: ((step: string) => void) | undefined;
}

/** What the run did and when: a row for each step, sleep and hook, its attempts and pauses as bars on one line of time. */
export function TimelineView({ run, version, onRetryFrom }: TimelineViewProps) {
  const over = run.completedAt !== null;
  const steps = useGrowing<StepPages>(`steps:${run.runId}`, version, async (before, { more, signal }) => {
    return await readSteps(before, { more, over }, async (cursor) => await api.steps(run.runId, cursor, signal));
  });
  // From the beginning, as the steps are read.
  const rest = useWaiting(run.runId, version, 'asc');
  const now = useNow(over ? undefined : 1_000);
  const problem = steps.problem ?? rest.problem;
  const again = () => {
    steps.reload();
    rest.reload();
  };
  if (!steps.data || !rest.data)
    return problem ? <ProblemState problem={problem} retry={again} /> : <Skeleton rows={5} label="Loading the timeline" />;

  const { hooks, waits } = rest.data;
  const known = stepsOf(steps.data);
  const byId = new Map(known.data.map((step) => [step.stepId, step]));
  const timeline = buildTimeline({ run, steps: known.data, hooks: hooks.data, waits: waits.data }, now);
  if (timeline.rows.length === 0) return <Nothing run={run} />;
  return (
    <section class="panel timeline" aria-label="Timeline">
      <Axis timeline={timeline} />
      <ol>
        {timeline.rows.map((row) => (
          <Row key={row.id} runId={run.runId} row={row} timeline={timeline} step={byId.get(row.id)} onRetryFrom={onRetryFrom} />
        ))}
      </ol>
      {known.hasMore && (
        <div class="runs-foot">
          <button type="button" class="button small" onClick={steps.more}>
            Show more steps
          </button>
        </div>
      )}
      <Unshown many={hooks} what="hooks" of={run.counts.hooks} />
      <Unshown many={waits} what="sleeps" of={run.counts.waits} />
      <Legend timeline={timeline} />
    </section>
  );
}

function Nothing({ run }: { readonly run: RunDetail }) {
  return (
    <section class="panel">
      <Empty title={run.completedAt === null ? 'No step has begun yet' : 'This run had no steps'}>
        {run.completedAt === null && <p>Steps appear here as a worker comes to them.</p>}
      </Empty>
    </section>
  );
}

function Axis({ timeline: { whole, scale } }: { readonly timeline: Timeline }) {
  return (
    <div class="timeline-axis" aria-hidden="true">
      <div class="axis-track">
        {scale.ticks.map(({ instantMs, at }, index) =>
          at > 0.97 && index > 0 ? null : (
            <span key={instantMs} class={`axis-tick${index === 0 ? ' first' : ''}`} style={{ left: percent(at) }}>
              {index === 0 ? '0' : `+${formatDuration(instantMs - whole.from)}`}
            </span>
          ),
        )}
        {scale.breaks.map(({ from, to, at, width }) => (
          <span
            key={from}
            class="axis-break"
            style={{ left: percent(at), width: percent(width) }}
            title={`${formatDuration(to - from)} without work`}
          >
            ⁄⁄
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly runId: string;
  readonly row: TimelineRow;
  readonly timeline: Timeline;
  readonly step: StepSummary | undefined;
  readonly onRetryFrom: ((step: string) => void) | undefined;
}

function Row({ runId, row, timeline, step, onRetryFrom }: RowProps) {
  const [open, setOpen] = useState(false);
  const line = (
    <>
      <span class="timeline-name">
        {step ? <ChevronIcon size={12} class="turn faint" /> : <span class="no-turn" />}
        <RowIcon row={row} />
        <span class="cut">{row.label}</span>
        <span class="visually-hidden">, {describeRow(row)}, </span>
      </span>
      <span class="track" aria-hidden="true">
        {row.segments.map((segment) => (
          <Bar key={`${segment.kind}${segment.from}`} segment={segment} timeline={timeline} />
        ))}
      </span>
      <span class="timeline-took">{formatDuration(tookMs(row))}</span>
    </>
  );
  if (!step) {
    return (
      <li class="timeline-row">
        <div class="line">{line}</div>
      </li>
    );
  }
  return (
    <li class={`timeline-row${open ? ' open' : ''}`}>
      <button
        type="button"
        class="line"

        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {line}
      </button>
      {open && <StepDetail runId={runId} step={step} onRetryFrom={onRetryFrom} />}
    </li>
  );
}

function RowIcon({ row }: { readonly row: TimelineRow }) {
  if (row.kind === 'step') return <StatusIcon status={row.status} />;
  const tone = row.status === 'waiting' ? 'tone-waiting' : 'tone-quiet';
  return <span class={tone}>{row.kind === 'wait' ? <ClockIcon /> : <HookIcon />}</span>;
}

function Bar({ segment, timeline: { scale } }: { readonly segment: Segment; readonly timeline: Timeline }) {
  const left = scale.place(segment.from);
  const width = scale.place(segment.to) - left;
  const title = `${describeSegment(segment)}, ${formatDuration(segment.to - segment.from)}`;
  return (
    <span
      class={`bar ${segment.kind} ${segment.outcome}${segment.open ? ' now' : ''}`}
      style={{ left: `min(${percent(left)}, calc(100% - 3px))`, width: percent(width) }}
      title={title}
    />
  );
}

function Legend({ timeline: { rows, scale } }: { readonly timeline: Timeline }) {
  const segments = rows.flatMap((row) => row.segments);
  const has = (test: (segment: Segment) => boolean) => segments.some(test);
  const entries = [
    [has(({ kind, outcome }) => kind === 'attempt' && outcome === 'completed'), 'attempt completed', 'completed'],
    [has(({ kind, outcome }) => kind === 'attempt' && outcome === 'running'), 'running', 'running'],
    [has(({ outcome }) => outcome === 'failed' || outcome === 'retrying'), 'failed', 'failed'],
    [has(({ kind }) => kind === 'backoff'), 'waits for its next attempt', 'backoff'],
    [has(({ kind }) => kind === 'queued'), 'in the queue', 'queued'],
    [has(({ kind }) => kind === 'sleep'), 'sleeps', 'sleep'],
    [has(({ kind }) => kind === 'hook'), 'waits for somebody', 'hook'],
  ] as const;
  return (
    <div class="legend" aria-hidden="true">
      {entries.map(
        ([shown, text, look]) =>
          shown && (
            <span key={look}>
              <i class={`bar ${look}`} />
              {text}
            </span>
          ),
      )}
      {scale.breaks.length > 0 && <span>⁄⁄ time without work, shortened</span>}
    </div>
  );
}

/** What the row shows beside its name and its length. */
function describeRow(row: TimelineRow): string {
  const attempts = Math.max(0, ...row.segments.map(({ attempt = 0 }) => attempt));
  return attempts > 1 ? `${row.status}, ${attempts} attempts` : row.status;
}

function describeSegment({ kind, outcome, attempt }: Segment): string {
  switch (kind) {
    case 'attempt':
      return `attempt ${attempt ?? 1}: ${outcome}`;
    case 'queued':
      return 'in the queue';
    case 'backoff':
      return 'waits for its next attempt';
    case 'sleep':
      return 'sleeps';
    case 'hook':
      return 'waits for somebody';
  }
}

function tookMs({ segments }: TimelineRow): number {
  const first = segments[0];
  return first ? (segments.at(-1)?.to ?? first.to) - first.from : 0;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)}%`;
}
