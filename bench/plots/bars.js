import { colour, drawing, element, label } from './svg.js';

const width = 760;
const [left, right] = [190, 130];
const [barHeight, gap, groupGap, top] = [20, 6, 34, 34];

/**
 * Horizontal bars from zero, in groups, each with its value and, thin, between what the rounds lie.
 * A group is `{ title, bars: [{ title, value, least, most }] }`.
 */
export function barChart({ title, unit, groups }) {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map((bar) => bar.most ?? bar.value)));
  const scale = (width - left - right) / most;
  const marks = [];
  let y = top;
  for (const group of groups) {
    marks.push(element('text', { class: 'soft', x: 0, y: y + 14 }, group.title));
    y += 24;
    for (const [index, bar] of group.bars.entries()) {
      const middle = y + barHeight / 2;
      marks.push(element('text', { x: left - 8, y: middle + 4, 'text-anchor': 'end' }, bar.title));
      marks.push(element('rect', { x: left, y, width: Math.max(1, bar.value * scale), height: barHeight, rx: 2, fill: colour(index) }));
      const reach = Math.max(bar.value, bar.most ?? 0) * scale;
      if (bar.most > bar.least) {
        marks.push(element('line', { class: 'spread', x1: left + bar.least * scale, y1: middle, x2: left + bar.most * scale, y2: middle }));
      }
      marks.push(element('text', { x: left + reach + 8, y: middle + 4 }, `${label(bar.value)} ${unit}`));
      y += barHeight + gap;
    }
    y += groupGap - 24;
  }
  return drawing({ width, height: y, title, description: describe(groups, unit), marks });
}

/** The same in words. */
export function describe(groups, unit) {
  return groups
    .map((group) => `${group.title}: ${group.bars.map((bar) => `${bar.title} ${label(bar.value)} ${unit}`).join(', ')}.`)
    .join(' ');
}
