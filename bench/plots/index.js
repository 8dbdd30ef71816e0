import { stores } from '../stores.js';
import { worlds } from '../worlds.js';
import { barChart, describe } from './bars.js';
import { lineChart } from './lines.js';

const compared = ['sqlite', 'postgres'];
const flows = ['flows-sqlite', 'flows-postgres'];
const stepsOfThroughput = 1_000;
const fanOuts = { fanOut10: 10, fanOut50: 50, fanOut200: 200, fanOut1000: 1_000 };

/** The plots that the kept figures suffice for: the name of the file, what it shows in a sentence, and the SVG. */
export function plotsOf(kept) {
  const plots = [
    bars(kept, {
      file: 'throughput.svg',
      title: 'Throughput: 100 runs of 10 steps, 10 at a time (more is better)',
      unit: 'steps/s',
      sections: compared,
      metricName: 'throughput',
      convert: (ms) => stepsOfThroughput / (ms / 1000),
    }),
    bars(kept, {
      file: 'throughput-flows.svg',
      title: 'Throughput of flows: executions of 10 steps, 50 at once (more is better)',
      unit: 'steps/s',
      sections: flows,
      metricName: 'flowMany',
      convert: (value) => value,
    }),
    bars(kept, {
      file: 'sequence.svg',
      title: '10 steps in sequence, start to end, p50 (less is better)',
      unit: 'ms',
      sections: compared,
      metricName: 'sequence',
      convert: (value) => value,
    }),
    logLength(kept),
    fanOut(kept),
  ];
  return plots.filter((plot) => plot !== undefined);
}

function bars(kept, { file, title, unit, sections, metricName, convert }) {
  const groups = sections.flatMap((sectionName) => {
    const found = figuresOf(kept, { sectionName, metricName }).map(({ name, figure: { value, rounds = [value] } }) => {
      const converted = rounds.map(convert);
      return { title: worlds[name].title, value: convert(value), least: Math.min(...converted), most: Math.max(...converted) };
    });
    return found.length > 0 ? [{ title: stores[sectionName].title, bars: found }] : [];
  });
  if (groups.length === 0) return undefined;
  return { file, description: `${title}. ${describe(groups, unit)}`, svg: barChart({ title, unit, groups }) };
}

function logLength(kept) {
  const series = seriesOf(kept, (sectionName) =>
    figuresOf(kept, { sectionName, metricName: 'logLength' }).map(({ name, figure }) => ({
      name,
      points: medianOfRounds(figure.details.map(({ windows }) => windows.map(({ step, ms }) => [step, ms]))),
    })),
  );
  const title = 'Cost against log length: step to step overhead within one run';
  const chart = { title, across: 'number of the step', up: 'STSO in ms, median of 20 steps (less is better)' };
  return lines('log-length.svg', chart, series);
}

function fanOut(kept) {
  const series = seriesOf(kept, (sectionName) => {
    const points = new Map();
    for (const [metricName, steps] of Object.entries(fanOuts)) {
      for (const { name, figure } of figuresOf(kept, { sectionName, metricName })) {
        points.set(name, [...(points.get(name) ?? []), [steps, figure.value]]);
      }
    }
    return [...points].map(([name, found]) => ({ name, points: found }));
  });
  const title = 'Fan-out: a run of parallel steps, start to end';
  const chart = { title, across: 'number of parallel steps', up: 'ms, p50 (less is better)', logarithmic: true };
  return lines('fan-out.svg', chart, series);
}

function lines(file, chart, series) {
  const drawable = series.filter(({ points }) => points.length > 1);
  if (drawable.length === 0) return undefined;
  const names = drawable.map(({ title }) => title).join(', ');
  return {
    file,
    description: `${chart.title}. ${chart.up}, against ${chart.across}: ${names}`,
    svg: lineChart({ ...chart, series: drawable }),
  };
}

/** Each World once: the floor is measured with each store, and drawn from the first. */
function seriesOf(kept, find) {
  const found = new Map();
  for (const sectionName of compared) {
    for (const { name, points } of find(sectionName)) if (!found.has(name)) found.set(name, { title: worlds[name].title, points });
  }
  return [...found.values()];
}

function figuresOf(kept, { sectionName, metricName }) {
  const results = kept[sectionName]?.[metricName]?.results ?? {};
  return stores[sectionName].worldNames.flatMap((name) => (results[name]?.value === undefined ? [] : [{ name, figure: results[name] }]));
}

/** Of several lines over the same places the one in the middle. */
function medianOfRounds(rounds) {
  return rounds[0].map(([x], at) => {
    const ys = rounds.map((round) => round[at][1]).toSorted((a, b) => a - b);
    return [x, ys[Math.floor(ys.length / 2)]];
  });
}
