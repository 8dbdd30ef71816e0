import { useMemo, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import type { Throughput, ThroughputWindow } from '../api/types.ts';
import { formatCount, formatDuration } from '../model/format.ts';
import { useTenant } from '../ui/me.tsx';
import { useResource } from '../ui/use-resource.ts';
import { Chart } from './chart.tsx';

const windows: readonly NonNullable<ThroughputWindow>[] = ['15m', '1h', '6h', '24h', '7d'];
const spoken = { '15m': '15 minutes', '1h': 'hour', '6h': '6 hours', '24h': '24 hours', '7d': '7 days' } as const;

/** Throughput and latency over the last minutes, hours or days, kept up to date. They are those of all tenants, so not for one. */
export function Charts() {
  return useTenant() === undefined ? <Figures /> : null;
}

function Figures() {
  const [window, setWindow] = useState<NonNullable<ThroughputWindow>>('15m');
  const { data, problem } = useResource(`throughput:${window}`, async (signal) => await api.throughput(window, signal), { everyMs: 5_000 });
  return (
    <section class="panel charts" aria-label="Throughput and latency">
      <div class="chart">
        <div class="chart-head">
          <h2>Runs</h2>
          <div class="segmented" role="group" aria-label="Time shown">
            {windows.map((each) => (
              <button key={each} type="button" aria-pressed={each === window} onClick={() => setWindow(each)}>
                {each}
              </button>
            ))}
          </div>
          {data && <RunKeys data={data} />}
        </div>
        {data ? <RunsChart data={data} window={window} /> : <Waiting failed={problem !== undefined} />}
      </div>
      <div class="chart">
        <div class="chart-head">
          <h2>Step latency</h2>
          {data && <LatencyKeys data={data} />}
        </div>
        {data ? <LatencyChart data={data} window={window} /> : <Waiting failed={problem !== undefined} />}
      </div>
    </section>
  );
}

function RunsChart({ data, window }: { readonly data: Throughput; readonly window: keyof typeof spoken }) {
  const totals = totalsOf(data);
  const { times, series } = useMemo(
    () => ({
      times: data.buckets.map(({ at }) => Date.parse(at)),
      series: [
        { label: 'failed', colour: 'bar-failed', kind: 'bars' as const, values: data.buckets.map((b) => b.completed + b.failed) },
        { label: 'completed', colour: 'bar-completed', kind: 'bars' as const, values: data.buckets.map((b) => b.completed) },
        { label: 'started', colour: 'bar-running', kind: 'line' as const, values: data.buckets.map((b) => b.started) },
      ],
    }),
    [data],
  );
  if (totals.started + totals.completed + totals.failed === 0) return <div class="chart-empty">No run in the last {spoken[window]}</div>;
  const summary = `In the last ${spoken[window]}: ${totals.started} runs started, ${totals.completed} completed, ${totals.failed} failed.`;
  return <Chart times={times} series={series} summary={summary} format={formatCount} />;
}

function LatencyChart({ data, window }: { readonly data: Throughput; readonly window: keyof typeof spoken }) {
  const { times, series } = useMemo(
    () => ({
      times: data.buckets.map(({ at }) => Date.parse(at)),
      series: [
        { label: 'p95', colour: 'bar-waiting', kind: 'line' as const, values: data.buckets.map((b) => b.stepP95Ms) },
        { label: 'p50', colour: 'bar-running', kind: 'line' as const, values: data.buckets.map((b) => b.stepP50Ms) },
      ],
    }),
    [data],
  );
  const latest = latestOf(data);
  if (!latest) return <div class="chart-empty">No step in the last {spoken[window]}</div>;
  const summary = `Of the latest steps half took up to ${formatDuration(latest.p50)}, 95 percent up to ${formatDuration(latest.p95)}.`;
  return <Chart times={times} series={series} summary={summary} format={formatDuration} />;
}

function RunKeys({ data }: { readonly data: Throughput }) {
  const { started, completed, failed } = totalsOf(data);
  return (
    <div class="chart-keys">
      <Key colour="bar-running" text={`${formatCount(started)} started`} />
      <Key colour="bar-completed" text={`${formatCount(completed)} completed`} />
      <Key colour="bar-failed" text={`${formatCount(failed)} failed`} />
    </div>
  );
}

function LatencyKeys({ data }: { readonly data: Throughput }) {
  const latest = latestOf(data);
  if (!latest) return null;
  return (
    <div class="chart-keys">
      <Key colour="bar-running" text={`p50 ${formatDuration(latest.p50)}`} />
      <Key colour="bar-waiting" text={`p95 ${formatDuration(latest.p95)}`} />
    </div>
  );
}

function Key({ colour, text }: { readonly colour: string; readonly text: string }) {
  return (
    <span>
      <i style={{ background: `var(--${colour})` }} />
      {text}
    </span>
  );
}

function Waiting({ failed }: { readonly failed: boolean }) {
  return failed ? (
    <div class="chart-empty">No figures from the server</div>
  ) : (
    <div class="chart-canvas skeleton" role="status" aria-label="Loading figures" />
  );
}

function totalsOf({ buckets }: Throughput) {
  const sum = (of: 'started' | 'completed' | 'failed') => buckets.reduce((total, bucket) => total + bucket[of], 0);
  return { started: sum('started'), completed: sum('completed'), failed: sum('failed') };
}

function latestOf({ buckets }: Throughput): { p50: number; p95: number } | undefined {
  const bucket = buckets.findLast(({ stepP50Ms, stepP95Ms }) => stepP50Ms !== null && stepP95Ms !== null);
  return bucket && { p50: bucket.stepP50Ms ?? 0, p95: bucket.stepP95Ms ?? 0 };
}
