import { percentile } from './statistics.js';

/** A figure as a reader wants it: three digits that mean something, and its unit. */
export function formatValue(value, unit) {
  if (value === undefined) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`.trimEnd();
}

/** The median; between what the medians of the rounds lie; and for a latency the 99th percentile of all samples. */
export function formatFigure(figure, { unit, latency }) {
  const { value, samples = [], rounds = [] } = figure ?? {};
  const spread = rounds.length > 1 ? ` (${formatValue(Math.min(...rounds), '')}–${formatValue(Math.max(...rounds), '')})` : '';
  const tail = latency && samples.length > 1 ? `, p99 ${formatValue(percentile(samples, 0.99), '')}` : '';
  return `${formatValue(value, unit)}${spread}${tail}`;
}

/** A Markdown table; the first column is of words, the others of figures. */
export function formatTable(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
