import { colour, drawing, element, label, powersOfTen, ticks } from './svg.js';

const [width, height] = [760, 380];
const [left, right, top, bottom] = [64, 190, 40, 52];
const dashes = [undefined, '7 4', '2 4', '10 3 2 3', '4 2', '1 3'];

/**
 * Lines over a horizontal axis, each named where it ends. `logarithmic`: both axes count in powers of ten.
 * A series is `{ title, points: [[x, y], …] }`.
 */
export function lineChart({ title, across, up, logarithmic = false, series }) {
  const points = series.flatMap((one) => one.points);
  const xs = axis(
    points.map(([x]) => x),
    { logarithmic, from: left, to: width - right, own: logarithmic },
  );
  const ys = axis(
    points.map(([, y]) => y),
    { logarithmic, from: height - bottom, to: top },
  );
  const marks = [
    ...ys.ticks.flatMap((value) => [
      element('line', { class: 'grid', x1: left, y1: ys.at(value), x2: width - right, y2: ys.at(value) }),
      element('text', { class: 'soft', x: left - 8, y: ys.at(value) + 4, 'text-anchor': 'end' }, label(value)),
    ]),
    ...xs.ticks.map((value) =>
      element('text', { class: 'soft', x: xs.at(value), y: height - bottom + 20, 'text-anchor': 'middle' }, label(value)),
    ),
    element('text', { class: 'soft', x: (left + width - right) / 2, y: height - 8, 'text-anchor': 'middle' }, across),
    element('text', { class: 'soft', x: left, y: top - 8 }, up),
  ];
  const ends = spread(series.map((one) => ys.at(one.points.at(-1)[1])));
  for (const [index, one] of series.entries()) {
    const places = one.points.map(([x, y]) => [xs.at(x), ys.at(y)]);
    const d = places.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join(' ');
    const stroke = colour(index);
    marks.push(element('path', { d, fill: 'none', stroke, 'stroke-width': 2, 'stroke-dasharray': dashes[index % dashes.length] }));
    for (const [cx, cy] of places) marks.push(element('circle', { cx, cy, r: 3, fill: stroke }));
    marks.push(element('text', { x: places.at(-1)[0] + 10, y: ends[index] + 4 }, one.title));
  }
  return drawing({ width, height, title, description: describe(series, { across, up }), marks });
}

function describe(series, { across, up }) {
  const told = series.map((one) => `${one.title}: ${one.points.map(([x, y]) => `${label(y)} at ${label(x)}`).join(', ')}.`);
  return `${up}, against ${across}. ${told.join(' ')}`;
}

/** `own`: the axis is marked at the values themselves. */
function axis(values, { logarithmic, from, to, own = false }) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const marked = own ? [...new Set(values)].toSorted((a, b) => a - b) : logarithmic ? powersOfTen(least, most) : ticks(most);
  const measure = logarithmic ? Math.log10 : (value) => value;
  const [first, last] = [measure(marked[0]), measure(marked.at(-1))];
  return { ticks: marked, at: (value) => from + ((measure(value) - first) / (last - first || 1)) * (to - from) };
}

/** Names that would lie on each other are moved apart, in their order. */
function spread(heights, apart = 15) {
  const order = heights.map((y, index) => ({ y, index })).toSorted((a, b) => a.y - b.y);
  const moved = [];
  let last = -Infinity;
  for (const { y, index } of order) {
    last = Math.max(y, last + apart);
    moved[index] = last;
  }
  return moved;
}
