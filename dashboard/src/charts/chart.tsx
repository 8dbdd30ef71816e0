import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatAxis } from '../model/format.ts';
import { useThemeVersion } from '../ui/theme.ts';

export interface ChartSeries {
  readonly label: string;
  /** The name of a colour in tokens.css, without its dashes. */
  readonly colour: string;
  readonly kind: 'bars' | 'line';
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** Epoch milliseconds. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** What the picture shows, in words. */
  readonly summary: string;
}

const height = 116;

/** Values over time on a canvas. Bars are drawn over each other in the order given, so that a stack begins with its sum. */
export function Chart({ times, series, format, summary }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const theme = useThemeVersion();
  const data: UPlot.AlignedData = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;
  const plot = useRef<UPlot | undefined>(undefined);
  const shape = series.map(({ label, colour, kind }) => `${label}:${colour}:${kind}`).join();

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const made = new UPlot(optionsOf(element.clientWidth, series, format), latest.current, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, theme]);
  useEffect(() => plot.current?.setData(latest.current), [times, series]);

  return <div class="chart-canvas" ref={host} role="img" aria-label={summary} />;
}

function optionsOf(width: number, series: readonly ChartSeries[], format: (value: number) => string): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: colour('text-faint'), font: `11px ${style.getPropertyValue('--font')}`, ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(1, (max || 1) * 1.12)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 70,
        values: ({ data: [at] }, splits) => splits.map((split) => formatAxis(split * 1_000, ((at.at(-1) ?? 0) - (at[0] ?? 0)) * 1_000)),
      },
      {
        ...axis,
        grid: { stroke: colour('line'), width: 1 },
        size: 48,
        space: 32,
        values: (_, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [{}, ...series.map((each) => seriesOf(each, colour(each.colour)))],
  };
}

function seriesOf({ label, kind }: ChartSeries, colour: string): UPlot.Series {
  if (kind === 'line') return { label, stroke: colour, width: 1.75, points: { show: false }, spanGaps: true };
  const bars = UPlot.paths.bars?.({ size: [0.7, 24], radius: 0.15 });
  return { label, stroke: colour, fill: colour, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) };
}
