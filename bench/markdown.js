import { readFile, writeFile } from 'node:fs/promises';
import { metrics } from './metrics/index.js';
import { describeDetails } from './notes.js';
import { stores } from './stores.js';
import { judge } from './verdict.js';
import { worlds } from './worlds.js';

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

/** The figures as Markdown: a table for each store, one row per metric, one column per World. */
export function renderMarkdown(report) {
  const tables = Object.entries(report.stores).flatMap(([storeName, figures]) => ['', ...renderStore(storeName, figures)]);
  return [describeRun(report), ...tables].join('\n');
}

/** Puts the figures between the markers of the document; the words around them stay. */
export async function writeIntoDocument(file, markdown) {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} … ${end} to write the figures between.`);
  await writeFile(file, `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`);
}

function renderStore(storeName, { worldNames, server, results, slow }) {
  const { title, own } = stores[storeName];
  const titles = ['', ...worldNames.map((name) => worlds[name].title), 'wanted', 'got'];
  const rows = Object.entries(results).map(([metricName, figures]) => {
    const metric = metrics[metricName];
    const wants = metric.wants[storeName];
    const cells = worldNames.map((name) => describeFigure(figures[name], metric.unit));
    return [metric.title, ...cells, wants.map(({ text }) => text).join('; ') || '–', formatVerdicts(judge(wants, figures, own))];
  });
  const head = [`### ${title}`, '', ...(server ? [describeServer(server), ''] : [])];
  return [...head, table(titles, rows), ...notes(results), ...absences(results), ...slowDisk(slow)];
}

/** The median, and between what the rounds lie. */
function describeFigure(figure, unit) {
  const { value, rounds = [] } = figure ?? {};
  if (rounds.length < 2) return formatValue(value, unit);
  return `${formatValue(value, unit)} (${formatValue(Math.min(...rounds), '')}–${formatValue(Math.max(...rounds), '')})`;
}

function describeRun({ startedAt, machine, fsync, command }) {
  return [
    `Measured with \`${command}\` on ${startedAt.slice(0, 10)}: ${machine.cpus} × ${machine.model}, ${machine.platform}, Node ${machine.node};`,
    `fdatasync of 4 KiB: p50 ${fsync.p50.toFixed(2)} ms, p99 ${fsync.p99.toFixed(2)} ms.`,
  ].join('\n');
}

function describeServer({ version, fsync, synchronousCommit }) {
  return `PostgreSQL ${version} on the same machine, \`fsync=${fsync}\`, \`synchronous_commit=${synchronousCommit}\`.`;
}

function notes(results) {
  const lines = describeDetails(results);
  return lines.length > 0 ? ['', ...lines] : [];
}

/** Why a cell is empty, once for each that could not be measured. */
function absences(results) {
  const reasons = Object.values(results).flatMap((figures) =>
    Object.entries(figures).flatMap(([name, { reason }]) => (reason ? [`${worlds[name].title} was not measured: ${reason}.`] : [])),
  );
  return reasons.length > 0 ? ['', ...new Set(reasons)] : [];
}

function slowDisk(slow) {
  if (!slow) return [];
  if (slow.reason) return ['', `A slow disk was not simulated: ${slow.reason}.`];
  const rows = Object.entries(slow.results).map(([metricName, results]) => {
    const { title, unit } = metrics[metricName];
    return [title, formatValue(results.pawl.value, unit)];
  });
  const head = `The same with an fsync made ${slow.ms} ms slower (p50 then ${slow.fsync.p50.toFixed(1)} ms), without a target:`;
  return ['', head, '', table(['', worlds.pawl.title], rows)];
}

function formatVerdicts(verdicts) {
  const texts = verdicts.map(({ met, ratio }) => {
    if (met === undefined) return '–';
    return `${ratio === undefined ? '' : `${ratio.toFixed(2)}× `}${met ? 'yes' : '**no**'}`;
  });
  return texts.join('; ') || '–';
}

export function formatValue(value, unit) {
  if (value === undefined) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`.trimEnd();
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
