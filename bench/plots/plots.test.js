import { expect, it } from 'vitest';
import { barChart } from './bars.js';
import { plotsOf } from './index.js';
import { lineChart } from './lines.js';
import { label, powersOfTen, ticks } from './svg.js';

const bars = {
  title: 'Speed & <size>',
  unit: 'ms',
  groups: [
    {
      title: 'SQLite',
      bars: [
        { title: 'Pawl', value: 20, least: 10, most: 40 },
        { title: 'other', value: 10 },
      ],
    },
  ],
};
const lines = {
  title: 'Growth',
  across: 'steps',
  up: 'ms',
  series: [
    {
      title: 'Pawl',
      points: [
        [10, 5],
        [20, 10],
      ],
    },
  ],
};

it('a bar is as long as its value', () => {
  const widths = [...barChart(bars).matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths[0] / widths[1]).toBeCloseTo(2);
});

it('a plot says in words what it shows, and no title breaks it', () => {
  const svg = barChart(bars);
  expect(svg).toContain('<title id="title">Speed &amp; &lt;size&gt;</title>');
  expect(svg).toContain('<desc id="desc">SQLite: Pawl 20 ms, other 10 ms.</desc>');
  expect(lineChart(lines)).toContain('<desc id="desc">ms, against steps. Pawl: 5 at 10, 10 at 20.</desc>');
});

it('a plot is read on a dark page too', () => {
  for (const svg of [barChart(bars), lineChart(lines)]) expect(svg).toContain('@media (prefers-color-scheme: dark)');
});

it('the same figures are the same file', () => {
  expect(lineChart(lines)).toBe(lineChart(structuredClone(lines)));
});

it('twice the value is twice as high, and with logarithmic axes ten times is a step', () => {
  const height = (svg) => [...svg.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  const [low, high] = height(lineChart(lines));
  const floor = 380 - 52;
  expect((floor - high) / (floor - low)).toBeCloseTo(2, 1);
  const powers = lineChart({
    ...lines,
    logarithmic: true,
    series: [
      {
        title: 'Pawl',
        points: [
          [1, 1],
          [10, 10],
          [100, 100],
        ],
      },
    ],
  });
  const [one, ten, hundred] = height(powers);
  expect(one - ten).toBeCloseTo(ten - hundred, 1);
});

it('axes are marked at round numbers, up to the largest value', () => {
  expect(ticks(47)).toEqual([0, 10, 20, 30, 40, 50]);
  expect(powersOfTen(20, 900)).toEqual([10, 100, 1000]);
  expect([label(1234.5), label(2.25), label(0.125)]).toEqual(['1,235', '2.3', '0.13']);
});

it('only what was measured is drawn, the World that is measured with both stores once', () => {
  const figure = (value) => ({ value, rounds: [value], samples: [value] });
  const row = (results) => ({ measured: {}, results });
  const kept = {
    sqlite: { fanOut10: row({ pawl: figure(10), floor: figure(5) }), fanOut50: row({ pawl: figure(50), floor: figure(25) }) },
    postgres: { fanOut10: row({ floor: figure(6) }), fanOut50: row({ floor: figure(26) }) },
  };
  const plots = plotsOf(kept);
  expect(plots.map(({ file }) => file)).toEqual(['fan-out.svg']);
  expect(plots[0].description).toContain(': Pawl on SQLite, floor (in memory)');
});
